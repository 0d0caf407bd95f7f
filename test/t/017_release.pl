# What a release says of itself: one version everywhere, files that are there,
# metadata that PGXN takes, an extension that any owner of a database may have.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use JSON::PP;
use Runs;
use Test::More;

my $top = "$FindBin::RealBin/../..";
my $meta = JSON::PP->new->utf8->decode(slurp_file("$top/META.json"));
my ($default) = slurp_file("$top/hpimp.control") =~ /^default_version = '(.+)'$/m;

# PGXN Meta Spec 1.0.0: what must be there, and of what form
like($meta->{name}, qr/^[^\s\/\\[:cntrl:]]{2,}$/, 'a name');
my $semver = qr/^(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}(?:-[0-9A-Za-z-]+)?$/;
like($_, $semver, "a semantic version: $_") foreach $meta->{version}, $meta->{'meta-spec'}{version}, map { $_->{version} } values %{ $meta->{provides} };
ok(length $meta->{$_}, "there is: $_") foreach qw(abstract maintainer);
is($meta->{license}, 'postgresql', 'licence');
is($meta->{release_status} // 'stable', 'stable', 'release status');
is_deeply([ keys %{ $meta->{provides} } ], ['hpimp'], 'one extension');
ok(-s "$top/$meta->{provides}{hpimp}{$_}", "a $_: $meta->{provides}{hpimp}{$_}") foreach qw(file docfile);
is($meta->{prereqs}{runtime}{requires}{PostgreSQL}, '15.0.0', 'oldest server');
cmp_ok(scalar(grep { length > 255 || m{[/\\[:cntrl:]]} } @{ $meta->{tags} }), '==', 0, 'tags');

# the version of the SQL is that of the release without its last number
(my $short = $meta->{version}) =~ s/\.\d+$//;
is($default, $short, 'control file: default version');
(my $base = $short) =~ s/\.\d+$/.0/;
is($meta->{provides}{hpimp}{file}, "sql/hpimp--$base.sql", 'script that installs it, with those that update it');
like(slurp_file("$top/CHANGELOG.md"), qr/\A# Changelog\n\n## \Q$short\E[ .]/, 'changelog begins with it');
my ($debian) = slurp_file("$top/debian/changelog") =~ /^hpimp \((.+)-\d+\)/;
is($debian, $meta->{version}, 'Debian: version');
is(slurp_file("$top/debian/control"), slurp_file("$top/debian/control.in") =~ s/PGVERSION/15/gr, 'Debian: control file is that of control.in');

# links of the documents lead somewhere
foreach my $file ("$top/README.md", glob("$top/doc/*.md"), glob("$top/test/*/README.md"))
{
	my ($folder) = $file =~ m{^(.*)/};
	my $text = slurp_file($file);

	$text =~ s/^```.*?^```//msg;
	my @lost = grep { !-e "$folder/" . s/#.*//r } grep { !/^(?:https?:|#|mailto:)/ } $text =~ /\]\(([^)\s]+)\)/g;
	is("@lost", '', 'links of ' . substr($file, length($top) + 1));
	# and those into a document, to a heading of it
	foreach my $link (grep { /#/ && !/^https?:/ } $text =~ /\]\(([^)\s]+)\)/g)
	{
		my ($where, $anchor) = split /#/, $link;
		my $into = $where eq '' ? $file : "$folder/$where";
		my %headings = map { (lc(s/[^\w\s-]//gr =~ s/ /-/gr) => 1) } slurp_file($into) =~ /^#+ (.+)$/mg;

		ok($headings{$anchor}, substr($file, length($top) + 1) . ": $link") or diag(join ' ', sort keys %headings);
	}
}

# the files that are installed are for every owner of a database
my $node = new_node('release', '');
is($node->safe_psql('postgres', "SELECT superuser, trusted, relocatable, schema, requires FROM pg_available_extension_versions WHERE name = 'hpimp' AND version = '$default'"),
	't|t|t||{plpgsql}', 'trusted, in any schema, needs nothing but PL/pgSQL');
is($node->safe_psql('postgres', "SELECT extversion FROM pg_extension WHERE extname = 'hpimp'"), $default, 'the version that is made is the newest');

$node->stop;
done_testing();
