# The page of hp_report in a browser: its script does what it says, nothing else
# acts, and nothing is asked of the network. Without Chromium there is no test.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Browser;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Runs;
use Test::More;

my $program = Browser::find();
plan skip_all => 'there is no Chromium' unless $program;

my $node = new_node('report', '');
my $folder = PostgreSQL::Test::Utils::tempdir();
make_runs($node, 'runs', 400);
# nine parameters more, with names that would act if they could, and two constants
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE many AS
SELECT config || (SELECT jsonb_object_agg('<img src=x onerror="document.title=' || k || '">' || repeat('</script>', k), (u(id, 'k' || k) * 100)::int) FROM generate_series(1, 9) k)
	|| '{"always": 1, "same": "x"}' AS config, val_loss FROM runs;
CREATE TABLE kept AS SELECT hp_forest(hp_study('runs', 'val_loss'), trees => 50, uncertainty => false) AS forest;
SQL

my $browser = Browser->start($program, $folder);
my $helpers = <<'JS';
function visible(r) { return r.offsetParent !== null; }
function rows(all) { return [].filter.call(document.querySelectorAll('#hpr-panel tbody tr' + (all ? '' : ':not(.lv)')), visible); }
function names(all) { return rows(all).map(function (r) { return r.querySelector('bdi').textContent.slice(0, 9); }).join(','); }
function get(id) { return document.getElementById('hpr-' + id); }
function set(id, to) { var e = get(id); if (e.type === 'checkbox') e.checked = to; else e.value = to;
	e.dispatchEvent(new Event(e.type === 'checkbox' ? 'change' : 'input')); }
function push(selector, n) { document.querySelectorAll(selector)[n || 0].click(); }
function row(name) { return rows().filter(function (r) { return r.querySelector('bdi').textContent === name; })[0]; }
function figure(name) { return [].filter.call(document.querySelectorAll('figure'), function (f) { return f.querySelector('bdi').textContent === name; })[0]; }
function runs(element) { return [].reduce.call(element.querySelectorAll('.run'), function (n, p) { return n + p.getAttribute('d').split('M').length - 1; }, 0); }
JS

my $number = 0;

# The page of a report, loaded, with the helpers beside it.
sub page_of
{
	my ($html) = @_;
	my $file = "$folder/" . ++$number . '.html';

	open my $handle, '>', $file or die $!;
	print $handle $html;
	close $handle;
	my $page = $browser->open_file($file);
	$page->value($helpers);
	return $page;
}

sub report_of
{
	my ($table, $settings) = @_;
	return $node->safe_psql('postgres', "SELECT hp_report('$table', 'val_loss', format => 'html', trees => 50, $settings)");
}

my $html = report_of('many', 'uncertainty => false');
my $page = page_of($html);

# pages, search, order, what is put aside
is($page->value('rows().length'), 10, 'ten rows a page');
is($page->value('get("where").textContent'), '1 to 10 of 16', 'of those that take part');
$page->value('push("#hpr-next")');
is($page->value('get("where").textContent'), '11 to 16 of 16', 'the next page');
$page->value('push("#hpr-back")');
$page->value('set("find", "OPTIM")');
is($page->value('names()'), 'optimizer,optimizer', 'search, whatever the case');
$page->value('set("find", "nothing like it")');
is($page->value('rows().length + get("where").textContent'), '0none', 'a search without result');
$page->value('set("find", "")');
$page->value('push("#hpr-panel thead button", 0)');
is($page->value('JSON.stringify(names().split(",").map(function (n) { return n.toLowerCase(); }))'), $page->value('JSON.stringify(names().toLowerCase().split(",").sort())'), 'by name');
$page->value('push("#hpr-panel thead button", 1)');
is($page->value('names().split(",")[0] + document.querySelectorAll("#hpr-panel thead th")[1].getAttribute("aria-sort")'), 'lrdescending', 'by importance');
$page->value('push("#hpr-panel thead button", 1)');
isnt($page->value('names().split(",")[0]'), 'lr', 'the other way');
is($page->value('document.querySelectorAll("#hpr-panel thead th")[1].getAttribute("aria-sort")'), 'ascending', 'and says so');
$page->value('push("#hpr-panel thead button", 2)');
is($page->value('var c = [].map.call(rows(), function (r) { var k = r.cells[r.cells.length - 2].dataset.k; return k === undefined ? -9 : Number(k); }); c.every(function (x, i) { return i === 0 || c[i - 1] >= x; })'), JSON::PP::true, 'by correlation, unknown ones last');
$page->value('push("#hpr-panel thead button", 1)');
$page->value('push("#hpr-panel tbody .eye", 0)');
isnt($page->value('names().split(",")[0]'), 'lr', 'a parameter put aside');
is($page->value('get("offs").textContent'), '1 hidden by you', 'is counted');
$page->value('set("off", true)');
is($page->value('names().split(",")[0] + rows()[0].querySelector(".eye").getAttribute("aria-pressed")'), 'lrtrue', 'and can be had back');
$page->value('set("all", true)');
is($page->value('rows().length'), 16, 'all on one page');
$page->value('set("idle", true)');
is($page->value('rows().length'), 18, 'constants too');

# levels under their parameter, and with it wherever it goes
is($page->value('rows(true).length - rows().length'), 0, 'levels are folded');
is($page->value('row("optimizer.name").querySelector(".fold").textContent'), '3 levels', 'and counted');
$page->value('row("optimizer.name").querySelector(".fold").click()');
is($page->value('row("optimizer.name").querySelector(".fold").getAttribute("aria-expanded") + (rows(true).length - rows().length)'), 'true3', 'unfolded');
$page->value('push("#hpr-panel thead button", 0)');
is($page->value('var r = row("optimizer.name"), l = []; while ((r = r.nextElementSibling) && r.classList.contains("lv")) l.push(r.querySelector("bdi").textContent); l.sort().join()'), 'adam,rmsprop,sgd', 'they go with it');
$page->value('push("#hpr-panel thead button", 1)');
is($page->value('[].filter.call(document.querySelectorAll(".lv"), function (r) { return r.querySelector("bdi").textContent === "sgd"; })[0].cells[1].textContent'),
	$node->safe_psql('postgres', <<'SQL'), 'what is said of a level is what hp_levels says');
SELECT format('%s runs, mean %s (sd %s), %s of the lowest %s', runs, rtrim(round(mean::numeric, 4 - 1 - floor(log(mean))::int)::text, '0'), round(stddev::numeric, 3), best, all_best)
FROM hp_levels('runs', 'val_loss'),
	(SELECT count(*) FILTER (WHERE config->'optimizer'->>'name' = 'sgd') AS best, count(*) AS all_best
	 FROM (SELECT config FROM runs ORDER BY val_loss LIMIT 40) r) b
WHERE parameter = 'optimizer.name' AND level = 'sgd'
SQL
$page->value('row("optimizer.name").querySelector(".fold").click(); set("find", "RMSprop")');
is($page->value('names(true).split(",").sort().join()'), 'adam,optimizer,rmsprop,sgd', 'a level that is sought is unfolded');
$page->value('set("find", "")');

# by keys alone
$page->value('get("find").focus()');
$page->type('layers');
is($page->value('names()'), 'layers', 'a search typed');
$page->press('Escape', 27);
is($page->value('get("find").value + rows().length'), '18', 'and ended');
$page->value('document.querySelectorAll("#hpr-panel thead button")[1].focus()');
$page->press('Enter', 13);
is($page->value('document.querySelectorAll("#hpr-panel thead th")[1].getAttribute("aria-sort")'), 'ascending', 'order by the return key');
is($page->value('[].every.call(document.querySelectorAll("button"), function (b) { return (b.textContent + b.getAttribute("aria-label")).trim() !== ""; })'), JSON::PP::true, 'all buttons have a name');
is($page->value('[].every.call(document.querySelectorAll("svg"), function (s) { return s.parentNode.tagName === "svg" || s.getAttribute("aria-label"); })'), JSON::PP::true, 'so have plots');

# runs, pairs, the next sweep: as in the answers of the functions
is($page->value('runs(figure("lr"))'), 400, 'a point for each run');
is($page->value('runs(figure("optimizer.name"))'), 400, 'a point for each run by level');
is($page->value('figure("lr").textContent.indexOf("log scale") > 0'), JSON::PP::true, 'a log scale where numbers are so');
is($page->value('figure("layers").textContent.indexOf("log scale")'), -1, 'and not elsewhere');
is($page->value('[].map.call(document.querySelectorAll("#hpr-next-sweep > .wide tbody tr"), function (r) { return r.cells[0].textContent + " " + r.cells[1].textContent; }).join()'),
	$node->safe_psql('postgres', <<'SQL'), 'what the next sweep should keep');
SELECT string_agg(parameter || ' ' || advice, ',' ORDER BY o) FROM hp_suggest('many', 'val_loss', trees => 50, uncertainty => false) WITH ORDINALITY s(parameter, advice, low, high, levels, sweep, gain, gain_stddev, importance, reason, o) WHERE advice <> 'freeze'
SQL
is_deeply($page->value('JSON.parse(document.querySelector("#hpr-next-sweep pre").textContent)'),
	decode_json($node->safe_psql('postgres', "SELECT jsonb_object_agg(parameter, sweep::jsonb) FROM hp_suggest('many', 'val_loss', trees => 50, uncertainty => false) WHERE sweep IS NOT NULL")),
	'the sweep is JSON, whatever the names are');

# nothing acted that is not the page's own, nothing was said or asked
is($page->value('document.title'), 'Which hyperparameters matter for val_loss in many', 'the title');
is($page->value('document.images.length + " " + document.scripts.length'), '0 1', 'no picture, one script');
is_deeply([ $page->complaints ], [], 'no word on the console');
is_deeply([ $page->requests ], [], 'no request but for itself');

# at any width, light and dark, on paper
foreach my $width (360, 800, 1400)
{
	$page->resize($width);
	is($page->value('document.documentElement.scrollWidth - document.documentElement.clientWidth'), 0, "nothing is wider than $width");
	is($page->value('[].every.call(document.querySelectorAll("#hpr-panel, figure > svg"), function (e) { return e.getBoundingClientRect().right - document.documentElement.clientWidth - 0.5 > 0 ? false : true; })'), JSON::PP::true, "the panel and plots are whole at $width");
}
my %ground;
foreach my $scheme ('light', 'dark')
{
	$page->media('screen', $scheme);
	$ground{$scheme} = $page->value('getComputedStyle(document.body).backgroundColor + getComputedStyle(document.body).color');
}
is($ground{light}, 'rgb(255, 255, 255)rgb(36, 38, 43)', 'light');
is($ground{dark}, 'rgb(27, 28, 32)rgb(228, 229, 232)', 'dark');
$page->value('set("all", false); set("idle", false)');
$page->media('print', 'dark');
is($page->value('rows().length + " " + visible(get("controls")) + " " + getComputedStyle(document.body).backgroundColor'), '18 false rgb(255, 255, 255)', 'on paper all of it, on white');
$page->close;

# a script that got in would not run
(my $foul = $html) =~ s{</h1>}{</h1><script>document.title = 'foul'</script><p onclick="document.title = 'foul'" id="foul">x</p>} or die;
$page = page_of($foul);
$page->value('document.getElementById("foul").click()');
is($page->value('document.title'), 'Which hyperparameters matter for val_loss in many', 'a foreign script does not run');
cmp_ok(scalar(grep { /Content Security Policy/ } $page->complaints), '>=', 1, 'which the browser tells');
is($page->value('rows().length'), 10, 'while its own does');
$page->close;

# a few rows are on one page, and what is put aside can be had back
$page = page_of(report_of('runs', 'uncertainty => false'));
is($page->value('rows().length + " " + get("pager").hidden'), '7 true', 'a short page');
$page->value('push("#hpr-panel tbody .eye", 0)');
is($page->value('rows().length'), 6, 'one put aside');
$page->value('set("off", true)');
is($page->value('rows().length'), 7, 'and back');
$page->close;

# parameters of a group are folded under it
$page = page_of(report_of('runs', 'uncertainty => false, depth => 1'));
is($page->value('row("optimizer").querySelector(".fold").textContent'), '2 parameters', 'a group');
$page->value('row("optimizer").querySelector(".fold").click()');
is($page->value('rows(true).filter(function (r) { return r.classList.contains("lv"); }).map(function (r) { return r.querySelector("bdi").textContent; }).join()'), 'optimizer.name,optimizer.momentum', 'its parameters');
$page->close;

# a stored forest has no runs to show, and all the rest
$page = page_of($node->safe_psql('postgres', "SELECT hp_report_as(forest, 'html') FROM kept"));
is($page->value('document.querySelectorAll(".run").length + " " + document.querySelectorAll("figure").length'),
	$node->safe_psql('postgres', 'SELECT 0, least(count(*), 6) FROM kept, hp_importance(forest) WHERE importance >= 0.001') =~ s/\|/ /r, 'curves of a stored forest');
is($page->value('var n = [].map.call(document.querySelectorAll("#hpr-map tbody bdi"), function (b) { return b.textContent; }); [].reduce.call(document.querySelectorAll("#hpr-map tbody tr"), function (t, r, i) { return n[i] === "optimizer.name" ? r.cells[1 + n.indexOf("lr")].textContent : t; }, "")'),
	$node->safe_psql('postgres', <<'SQL'), 'the map of pairs');
SELECT to_char(share, 'FM0.000') FROM kept, hp_interactions(forest) WHERE parameter IN ('lr', 'optimizer.name') AND with_parameter IN ('lr', 'optimizer.name')
SQL
is($page->value('row("optimizer.name").nextElementSibling.cells[1].textContent'), $node->safe_psql('postgres', <<'SQL'), 'levels of a stored forest');
SELECT format('%s runs, %s of the lowest 40', count(*), count(*) FILTER (WHERE i <= 40)) FROM (SELECT config->'optimizer'->>'name' AS name, row_number() OVER (ORDER BY val_loss) AS i FROM runs) r GROUP BY name ORDER BY count(*) DESC LIMIT 1
SQL
$page->close;

# without its script it is a table of all
($html = report_of('runs', 'uncertainty => false')) =~ s{<script>.*</script>}{}s;
$page = page_of($html);
is($page->value('rows().length + " " + visible(get("controls")) + " " + (rows(true).length > 7)'), '7 false true', 'without a script');
$page->close;

# in a database of another encoding
$node->safe_psql('postgres', "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
$page = page_of($node->safe_psql('latin', <<'SQL'));
CREATE EXTENSION hpimp;
CREATE TABLE runs AS SELECT jsonb_build_object(U&'gr\00F6\00DFe', i % 17, 'x', U&'\00E9t\00E9 ' || i % 2) AS config, i % 17 + i % 2 AS val_loss FROM generate_series(1, 200) i;
SELECT hp_report('runs', 'val_loss', format => 'html', trees => 20, uncertainty => false);
SQL
is($page->value('names()'), "gr\x{f6}\x{df}e,x", 'names of a database in LATIN1');
is($page->value('row("x").nextElementSibling.querySelector("bdi").textContent.slice(0, 3)'), "\x{e9}t\x{e9}", 'and levels');
$page->close;

# what there is nothing to say of
foreach my $case ([ 'no parameter', "exclude => '{%}'", '0 false' ], [ 'one parameter', "include => '{lr}'", '1 true' ])
{
	my ($what, $settings, $rows) = @$case;

	$page = page_of(report_of('runs', $settings));
	is($page->value('rows().length + " " + (get("panel") !== null)'), $rows, $what);
	is_deeply([ $page->complaints, $page->requests ], [], "$what: no complaint, no request");
	$page->close;
}

$browser->stop;
$node->stop;
done_testing();
