#!/usr/bin/perl
# table.pl - the lines of code of each file below src, and how many gcov saw run.
#
#	table.pl TREE [--missed] [--least PER_CENT]
#
# Reads the *.gcov files below TREE/src. A line of a header is in several of them.
use strict;
use warnings;
use File::Find;
use Getopt::Long;

my ($missed, $least) = (0, 0);
GetOptions('missed' => \$missed, 'least=f' => \$least) or die "unknown option\n";
my $tree = shift or die "which tree?\n";
my %count;						# by file and line: how often it was run
my %text;

sub read_counts
{
	my ($path) = @_;
	my $source;

	open(my $file, '<', $path) or die "cannot read $path: $!\n";
	while (my $row = <$file>)
	{
		my ($times, $line, $code) = $row =~ /^\s*([^:]+?)\*?:\s*(\d+):(.*)/ or next;
		if ($line == 0)
		{
			($source) = $code =~ m{^Source:(?:.*/)?(src/.*|pg/.*|core/.*)} if $code =~ /^Source:/;
			last if defined $source && $source =~ m{^/};
			next;
		}
		next if !defined $source || $times eq '-';
		my $name = $source =~ m{^src/} ? $source : "src/$source";
		$count{$name}{$line} += $times =~ /^\d+$/ ? $times : 0;
		$text{$name}{$line} = $code;
	}
	close($file);
	return;
}

find({ no_chdir => 1, wanted => sub { read_counts($_) if /\.gcov$/ } }, "$tree/src");
die "nothing was counted\n" if !%count;

my ($all, $run) = (0, 0);
printf("%-32s %7s %7s %8s\n", 'file', 'lines', 'run', 'per cent');
foreach my $name (sort grep { -e "$tree/$_" } keys %count)
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
