#!/usr/bin/perl
# table.pl - the lines of code of each file below src, and how many gcov saw run.
#
#	table.pl FOLDER [--missed] [--least PER_CENT]
#
# Reads the *.gcov files of FOLDER. A line of a header is in several of them.
use strict;
use warnings;
use Getopt::Long;

my ($missed, $least) = (0, 0);
GetOptions('missed' => \$missed, 'least=f' => \$least) or die "unknown option\n";
my $folder = shift or die "which folder?\n";
my %count;						# by file and line: how often it was run
my %text;

sub read_counts
{
	my ($path) = @_;
	my $source = '';

	open(my $file, '<', $path) or die "cannot read $path: $!\n";
	while (my $row = <$file>)
	{
		# "   times:  line:code"; line 0 holds what the file is
		my ($times, $line, $code) = $row =~ /^\s*([^:]+):\s*(\d+):(.*)/ or next;

		$source = $1 if $line == 0 && $code =~ m{^Source:(src/.*)};
		next if $source eq '' || $line == 0 || $times eq '-';
		$count{$source}{$line} += $times =~ /^(\d+)/ ? $1 : 0;
		$text{$source}{$line} = $code;
	}
	close($file);
	return;
}

read_counts($_) foreach glob("$folder/*.gcov");
die "nothing was counted\n" if !%count;

my ($all, $run) = (0, 0);
printf("%-32s %7s %7s %8s\n", 'file', 'lines', 'run', 'per cent');
foreach my $name (sort keys %count)
{
	my @lines = sort { $a <=> $b } keys %{ $count{$name} };
	my @not = grep { $count{$name}{$_} == 0 } @lines;

	printf("%-32s %7d %7d %8.1f\n", $name, scalar @lines, @lines - @not, 100 * (@lines - @not) / @lines);
	$all += @lines;
	$run += @lines - @not;
	print(map { "\t$_:$text{$name}{$_}\n" } @not) if $missed;
}
printf("%-32s %7d %7d %8.1f\n", 'total', $all, $run, 100 * $run / $all);
exit(100 * $run / $all < $least ? 1 : 0);
