/*
 * failing_malloc.c
 *		Loaded into a server by LD_PRELOAD: one allocation of it fails.
 *
 * FAILING_MALLOC names a file of one Control, which the test writes and all
 * processes of the server see.  While left > 0 it is counted down by each
 * allocation of the processes first .. last; the one that makes it 0 fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct Control
{
	int64_t		first;			/* process numbers */
	int64_t		last;
	int64_t		left;
} Control;

static volatile Control *control = NULL;

/* The C library's own, which allocate. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);

static __attribute__((constructor)) void
open_control(void)
{
	const char *path = getenv("FAILING_MALLOC");
	int			file = path == NULL ? -1 : open(path, O_RDWR);
	void	   *mapped;

	if (file < 0)
		return;
	mapped = mmap(NULL, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	close(file);
	if (mapped != MAP_FAILED)
		control = mapped;
}

static int
is_to_fail(void)
{
	if (control == NULL || control->left <= 0 ||
		getpid() < control->first || getpid() > control->last ||
		__atomic_sub_fetch(&control->left, 1, __ATOMIC_SEQ_CST) != 0)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *
malloc(size_t size)
{
	return is_to_fail() ? NULL : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	return is_to_fail() ? NULL : __libc_calloc(count, size);
}

void *
realloc(void *block, size_t size)
{
	return is_to_fail() ? NULL : __libc_realloc(block, size);
}
