/*
 * replay.h
 *		The inputs that test/fuzz keeps, once more: seeds, and what was a finding.
 *
 * A fuzz target aborts where something does not hold, which fails the test.
 */
#ifndef HPIMP_REPLAY_H
#define HPIMP_REPLAY_H

#include <dirent.h>

#include "unit.h"

/* All files of a folder; how many. */
UNIT_INLINE int
replay_folder(const char *folder,
			  int (*one) (const uint8_t *data, size_t size))
{
	DIR		   *files = opendir(folder);
	struct dirent *file;
	int			n = 0;

	while (files != NULL && (file = readdir(files)) != NULL)
	{
		static uint8_t data[65536];
		char		path[512];
		FILE	   *input;
		size_t		size;
		uint8_t    *exactly;

		if (file->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, file->d_name);
		input = fopen(path, "rb");
		if (input == NULL)
			continue;
		size = fread(data, 1, sizeof(data), input);
		fclose(input);
		printf("# %s\n", path);
		fflush(stdout);
		/* at its end stands the address sanitizer */
		exactly = malloc(size > 0 ? size : 1);
		memcpy(exactly, data, size);
		one(exactly, size);
		free(exactly);
		n++;
	}
	if (files != NULL)
		closedir(files);
	return n;
}

UNIT_INLINE void
replay(const char *target, int (*one) (const uint8_t *data, size_t size))
{
	char		folder[128];
	int			n;

	snprintf(folder, sizeof(folder), "../fuzz/corpus/%s", target);
	n = replay_folder(folder, one);
	ok(n > 0, "%d seeds of the fuzz target %s", n, target);
	snprintf(folder, sizeof(folder), "../fuzz/cases/%s", target);
	n = replay_folder(folder, one);
	ok(n >= 0, "%d findings of it", n);
}

#endif							/* HPIMP_REPLAY_H */
