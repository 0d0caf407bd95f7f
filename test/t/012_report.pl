# The page of hp_report in a browser: its script does what it says, nothing else
# acts, and nothing is asked of the network. Without Chromium there is no test.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Runs;
use Test::More;

my ($browser) = grep { -x } map { my $folder = $_; map { "$folder/$_" } qw(chromium chromium-browser google-chrome) } split /:/, $ENV{PATH};
plan skip_all => 'there is no Chromium' unless $browser;

my $node = new_node('report', '');
my $folder = PostgreSQL::Test::Utils::tempdir();
make_runs($node, 'runs', 400);
# nine parameters more, with names that would act if they could, and two constants
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE many AS
SELECT config || (SELECT jsonb_object_agg('<img src=x onerror="document.title=' || k || '">' || repeat('</script>', k), (u(id, 'k' || k) * 100)::int) FROM generate_series(1, 9) k)
	|| '{"always": 1, "same": "x"}' AS config, val_loss FROM runs
SQL

# What a page holds after a script has acted on it: a line a step.
sub act
{
	my ($page, $script) = @_;
	my $file = "$folder/page.html";
	my ($out, $err);

	$page =~ s{</body></html>$}{<script>$script</script></body></html>} or die 'no end';
	append_to_file($file, '');
	open my $handle, '>', $file or die $!;
	print $handle $page;
	close $handle;
	my $ran = eval {
		IPC::Run::run([ $browser, '--headless', '--no-sandbox', '--disable-gpu', "--user-data-dir=$folder/profile", '--dump-dom', "file://$file" ],
			'<', \undef, '>', \$out, '2>', \$err, IPC::Run::timeout(120));
	};
	return ($ran && $out =~ m{<pre id="steps">(.*?)</pre>}s) ? split(/\n/, $1) : ();
}

my $helpers = <<'JS';
var steps = [];
function rows() { return [].filter.call(document.querySelectorAll('#hpr-panel tbody tr'), function (r) { return r.offsetParent !== null; }); }
function names() { return rows().map(function (r) { return r.querySelector('bdi').textContent.slice(0, 9); }).join(','); }
function say(text) { steps.push(text); }
function set(id, to) { var e = document.getElementById('hpr-' + id); if (e.type === 'checkbox') e.checked = to; else e.value = to;
	e.dispatchEvent(new Event(e.type === 'checkbox' ? 'change' : 'input')); }
function press(selector, n) { document.querySelectorAll(selector)[n || 0].click(); }
function finish() { var text = steps.join('\n'); document.body.innerHTML = '<pre id="steps"></pre>'; document.getElementById('steps').textContent = text; }
JS

my $page = $node->safe_psql('postgres', "SELECT hp_report('many', 'val_loss', format => 'html', trees => 50, uncertainty => false)");
my @steps = act($page, $helpers . <<'JS');
say(rows().length); say(names().split(',')[0]); say(document.getElementById('hpr-where').textContent);
press('#hpr-next'); say(document.getElementById('hpr-where').textContent); press('#hpr-back');
set('find', 'OPTIM'); say(names()); set('find', '');
press('#hpr-panel thead button', 0); say(names().split(',').pop() > names().split(',')[1]);
press('#hpr-panel thead button', 1); say(names().split(',')[0]);
press('#hpr-panel thead button', 1); say(names().split(',')[0] !== 'lr');
press('#hpr-panel thead button', 1);
press('#hpr-panel tbody .eye', 0); say(names().split(',')[0] !== 'lr'); say(document.getElementById('hpr-offs').textContent);
set('off', true); say(names().split(',')[0]);
set('all', true); say(rows().length); set('idle', true); say(rows().length);
say(document.title); say(document.images.length); say(document.scripts.length);
say(performance.getEntriesByType('resource').length);
finish();
JS
is_deeply(\@steps, [ 10, 'lr', '1 to 10 of 16', '11 to 16 of 16', 'optimizer,optimizer', 'true', 'lr', 'true', 'true', '1 hidden by you', 'lr', 16, 18,
	'Which hyperparameters matter for val_loss in many', 0, 2, 0 ], 'search, order, pages, and parameters put aside') or diag(explain(\@steps));

# a few rows are on one page, and what is put aside can be had back
$page = $node->safe_psql('postgres', "SELECT hp_report('runs', 'val_loss', format => 'html', trees => 20, uncertainty => false)");
@steps = act($page, $helpers . <<'JS');
say(rows().length); say(document.getElementById('hpr-pager').hidden);
press('#hpr-panel tbody .eye', 0); say(rows().length); set('off', true); say(rows().length);
say(document.querySelectorAll('figure').length); finish();
JS
is_deeply([ @steps[ 0 .. 3 ] ], [ 7, 'true', 6, 7 ], 'a short page') or diag(explain(\@steps));

# without its script it is a table of all
(my $plain = $page) =~ s{<script>.*</script>}{}s;
@steps = act($plain, $helpers . 'say(rows().length); say(document.getElementById("hpr-controls").offsetParent === null); finish();');
is_deeply(\@steps, [ 7, 'true' ], 'without a script') or diag(explain(\@steps));

# nothing in a picture or in any page is wider than what holds it
@steps = act($page, $helpers . 'say(document.documentElement.scrollWidth === document.documentElement.clientWidth); finish();');
is_deeply(\@steps, ['true'], 'no wider than the window');

done_testing();
