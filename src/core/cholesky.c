/*
 * cholesky.c
 *		Symmetric positive definite systems of a hundred or two unknowns.
 *
 * Inner loops run along rows and add to what lies there: nothing waits for the
 * sum before it.
 */
#include <math.h>
#include <string.h>

#include "cholesky.h"

/* What rounding could take below 0. */
#define TINY	1e-300

void
hp_cholesky(const HpEnv *env, HpTriangle *m)
{
	uint32_t	n = m->n;

	for (uint32_t i = 0; i < n; i++)
	{
		double	   *row = hp_triangle_row(m, i);
		double		root = sqrt(fmax(row[i], TINY));

		hp_tick(env);
		for (uint32_t k = i; k < n; k++)
			row[k] /= root;
		for (uint32_t k = i + 1; k < n; k++)
			hp_add_times(hp_triangle_row(m, k) + k, -row[k], row + k, n - k);
	}
}

void
hp_cholesky_solve(const HpTriangle *factor, double *x)
{
	uint32_t	n = factor->n;

	for (uint32_t i = 0; i < n; i++)
	{
		const double *row = hp_triangle_row(factor, i);

		x[i] /= row[i];
		hp_add_times(x + i + 1, -x[i], row + i + 1, n - i - 1);
	}
	for (uint32_t i = n; i-- > 0;)
	{
		const double *row = hp_triangle_row(factor, i);

		x[i] = (x[i] - hp_product(row + i + 1, x + i + 1, n - i - 1)) / row[i];
	}
}

/* From the last row up: row i is -1 / R(i, i) times the sum of R(i, j) row j. */
void
hp_cholesky_invert(const HpEnv *env, HpTriangle *factor, double *scratch)
{
	uint32_t	n = factor->n;

	for (uint32_t i = n; i-- > 0;)
	{
		double	   *row = hp_triangle_row(factor, i);
		double		diagonal = 1 / row[i];

		hp_tick(env);
		memset(scratch + i, 0, (n - i) * sizeof(double));
		for (uint32_t j = i + 1; j < n; j++)
			hp_add_times(scratch + j, -diagonal * row[j],
						 hp_triangle_row(factor, j) + j, n - j);
		scratch[i] = diagonal;
		memcpy(row + i, scratch + i, (n - i) * sizeof(double));
	}
}
