/*
 * flat.h
 *		Changes to flat studies and forests.
 */
#ifndef HPIMP_FLAT_H
#define HPIMP_FLAT_H

#include <stddef.h>
#include <stdint.h>

/* Change a flat value of up to `most` bytes in its place; returns its size. */
extern size_t flat_change(uint8_t *data, size_t size, size_t most,
						  unsigned seed);

/* The same of parts of a forest, each behind two bytes that tell its length. */
extern size_t flat_change_parts(uint8_t *data, size_t size, size_t most,
								unsigned seed);

#endif							/* HPIMP_FLAT_H */
