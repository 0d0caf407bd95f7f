# Browser.pm - a headless Chromium, driven by its own protocol (DevTools) through
# a pair of pipes: what a page says on its console, what it asks of the network,
# keys that are pressed, the media it is shown on.
package Browser;
use strict;
use warnings;
use Fcntl qw(F_DUPFD);
use IO::Select;
use JSON::PP;
use POSIX ();

use constant PATIENCE => 180;	# seconds for an answer

# The program, or nothing.
sub find
{
	my ($program) = grep { -x } map { my $folder = $_; map { "$folder/$_" } qw(chromium chromium-browser google-chrome) } split /:/, $ENV{PATH};
	return $program;
}

# The browser reads commands from its descriptor 3 and writes answers to 4.
sub start
{
	my ($class, $program, $folder) = @_;
	pipe(my $commands, my $to) or die $!;
	pipe(my $from, my $answers) or die $!;
	my $pid = fork // die $!;

	if ($pid == 0)
	{
		# out of the way first: they may be 3 and 4 themselves
		my @far = map { fcntl($_, F_DUPFD, 20) } $commands, $answers;

		POSIX::dup2($far[0], 3);
		POSIX::dup2($far[1], 4);
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', "$folder/browser.log";
		open STDERR, '>&', \*STDOUT;
		exec { $program } ($program, '--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--remote-debugging-pipe', "--user-data-dir=$folder/profile", 'about:blank');
	}
	close $commands;
	close $answers;
	binmode $_ foreach $to, $from;
	$to->autoflush(1);
	return bless { pid => $pid, to => $to, from => $from, buffer => '', last => 0, events => [] }, $class;
}

sub stop
{
	my ($self) = @_;

	eval { $self->call('Browser.close') };
	close $self->{to};
	kill 'KILL', $self->{pid} unless $self->gone(20);
	waitpid $self->{pid}, 0;
	return;
}

# Whether it ends by itself within so many seconds.
sub gone
{
	my ($self, $seconds) = @_;

	for (1 .. 10 * $seconds)
	{
		return 1 if waitpid($self->{pid}, POSIX::WNOHANG()) != 0;
		select undef, undef, undef, 0.1;
	}
	return 0;
}

# The next message.
sub receive
{
	my ($self) = @_;

	my $end;

	while (($end = index($self->{buffer}, "\0")) < 0)
	{
		die "the browser is silent\n" unless IO::Select->new($self->{from})->can_read(PATIENCE);
		die "the browser is gone\n" unless sysread $self->{from}, $self->{buffer}, 65536, length $self->{buffer};
	}
	return decode_json(substr($self->{buffer}, 0, $end + 1, '') =~ s/\0//r);
}

# What a command answers; events on the way are kept.
sub call
{
	my ($self, $method, $params, $session) = @_;
	my $id = ++$self->{last};

	$self->{to}->print(encode_json({ id => $id, method => $method, params => $params // {}, $session ? (sessionId => $session) : () }), "\0");
	while (1)
	{
		my $message = $self->receive;

		if (!defined $message->{id}) { push @{ $self->{events} }, $message; next; }
		next if $message->{id} != $id;
		die "$method: $message->{error}{message}\n" if $message->{error};
		return $message->{result};
	}
}

# Events of the session so far whose method matches; others stay.
sub events
{
	my ($self, $session, $method) = @_;
	return grep { ($_->{sessionId} // '') eq $session && $_->{method} =~ $method } @{ $self->{events} };
}

# A page of its own for a file, loaded.
sub open_file
{
	my ($self, $file) = @_;
	my $target = $self->call('Target.createTarget', { url => 'about:blank' })->{targetId};
	my $session = $self->call('Target.attachToTarget', { targetId => $target, flatten => JSON::PP::true })->{sessionId};
	my $page = bless { browser => $self, session => $session, target => $target, file => "file://$file" }, 'Browser::Page';

	$page->call($_) foreach 'Page.enable', 'Runtime.enable', 'Log.enable', 'Network.enable';
	$page->call('Page.navigate', { url => "file://$file" });
	until ($self->events($session, qr/^Page\.loadEventFired$/)) { push @{ $self->{events} }, $self->receive; }
	return $page;
}

package Browser::Page;
use strict;
use warnings;

sub call
{
	my ($self, $method, $params) = @_;
	return $self->{browser}->call($method, $params, $self->{session});
}

# The value of an expression of JavaScript.
sub value
{
	my ($self, $expression) = @_;
	my $result = $self->call('Runtime.evaluate', { expression => $expression, returnByValue => JSON::PP::true });

	die "$expression: $result->{exceptionDetails}{exception}{description}\n" if $result->{exceptionDetails};
	return $result->{result}{value};
}

# As a hand presses it.
sub press
{
	my ($self, $key, $code) = @_;
	my $text = $key eq 'Enter' ? "\r" : $key eq ' ' ? ' ' : undef;
	my %key = (key => $key, code => $key, windowsVirtualKeyCode => $code);

	$self->call('Input.dispatchKeyEvent', { type => defined $text ? 'keyDown' : 'rawKeyDown', %key, defined $text ? (text => $text) : () });
	$self->call('Input.dispatchKeyEvent', { type => 'keyUp', %key });
	return;
}

sub type
{
	my ($self, $text) = @_;
	$self->call('Input.insertText', { text => $text });
	return;
}

sub resize
{
	my ($self, $width) = @_;
	$self->call('Emulation.setDeviceMetricsOverride', { width => $width, height => 900, deviceScaleFactor => 1, mobile => JSON::PP::false });
	return;
}

# Media 'screen' or 'print', scheme 'light' or 'dark'.
sub media
{
	my ($self, $media, $scheme) = @_;
	$self->call('Emulation.setEmulatedMedia', { media => $media, features => [ { name => 'prefers-color-scheme', value => $scheme } ] });
	return;
}

# What it said on the console, errors of its script among them, as lines.
sub complaints
{
	my ($self) = @_;
	return map {
		my $p = $_->{params};
		$p->{entry} ? $p->{entry}{text} : $p->{exceptionDetails} ? $p->{exceptionDetails}{text}
		  : join ' ', map { $_->{value} // $_->{description} // '' } @{ $p->{args} }
	} $self->{browser}->events($self->{session}, qr/^(Log\.entryAdded|Runtime\.(exceptionThrown|consoleAPICalled))$/);
}

# What it asked of the network or of the disk, itself not counted.
sub requests
{
	my ($self) = @_;
	my @urls = map { $_->{params}{request}{url} } $self->{browser}->events($self->{session}, qr/^Network\.requestWillBeSent$/);
	my $itself = grep { $_ eq $self->{file} } @urls;

	die "requests are not seen\n" if $itself != 1;
	return grep { $_ ne $self->{file} } @urls;
}

sub close
{
	my ($self) = @_;
	$self->{browser}->call('Target.closeTarget', { targetId => $self->{target} });
	return;
}

1;
