#!/usr/bin/perl
# seeds.pl - writes the seeds of the fuzzer: reads lines "target|name|hexadecimal
# bytes", as seeds.sql prints them, and makes a file of each in corpus/target.
use strict;
use warnings;
use FindBin;

while (my $line = <STDIN>)
{
	my ($target, $name, $bytes) = $line =~ /^(\w+)\|([\w.]+)\|([0-9a-f]+)$/ or die "not a seed: $line";
	my $folder = "$FindBin::Bin/corpus/$target";

	mkdir "$FindBin::Bin/corpus";
	mkdir $folder;
	open my $file, '>:raw', "$folder/$name" or die "$folder/$name: $!";
	print $file pack('H*', $bytes);
	close $file or die "$folder/$name: $!";
}
