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

/* What is left at least: rounding could take it below 0. */
#define TINY	1e-300

/* Make row i, from which those before it have been taken off, one of R. */
static void
finish_row(HpTriangle *m, uint32_t i)
{
	double	   *row = hp_triangle_row(m, i);
	double		root;

	row[i] = fmax(row[i], TINY);
	root = sqrt(row[i]);
	for (uint32_t k = i; k < m->n; k++)
		row[k] /= root;
}

/* Take row i of R off the rows from first to before end. */
static void
take_off(HpTriangle *m, uint32_t i, uint32_t first, uint32_t end)
{
	const double *row = hp_triangle_row(m, i);

	for (uint32_t k = first; k < end; k++)
		hp_add_times(hp_triangle_row(m, k) + k, -row[k], row + k, m->n - k);
}

/* Take rows i to i + 3 of R off all behind them. */
static void
take_off_four(HpTriangle *m, uint32_t i)
{
	const double *a = hp_triangle_row(m, i);
	const double *b = hp_triangle_row(m, i + 1);
	const double *c = hp_triangle_row(m, i + 2);
	const double *d = hp_triangle_row(m, i + 3);

	for (uint32_t k = i + 4; k < m->n; k++)
		hp_add_four(hp_triangle_row(m, k) + k,
					(double[4]) {-a[k], -b[k], -c[k], -d[k]},
					a + k, b + k, c + k, d + k, m->n - k);
}

void
hp_cholesky(const HpEnv *env, HpTriangle *m)
{
	for (uint32_t i = 0; i < m->n; i += 4)
	{
		uint32_t	end = m->n - i < 4 ? m->n : i + 4;

		hp_tick(env);
		for (uint32_t k = i; k < end; k++)
		{
			finish_row(m, k);
			take_off(m, k, k + 1, end);
		}
		if (end < m->n)
			take_off_four(m, i);
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

/* Add factor[j] times row j of an upper triangle, of four from j on. */
static void
add_four_rows(const HpTriangle *m, uint32_t j, const double factor[4],
			  double *to)
{
	uint32_t	end = j + 3;

	/* where not all four have begun */
	for (uint32_t k = 0; k < 3; k++)
		hp_add_times(to + j + k, factor[k], hp_triangle_row(m, j + k) + j + k,
					 end - (j + k));
	hp_add_four(to + end, factor, hp_triangle_row(m, j) + end,
				hp_triangle_row(m, j + 1) + end,
				hp_triangle_row(m, j + 2) + end,
				hp_triangle_row(m, j + 3) + end, m->n - end);
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
		uint32_t	j;

		hp_tick(env);
		memset(scratch + i, 0, (n - i) * sizeof(double));
		for (j = i + 1; j < n; j++)
			row[j] *= -diagonal;
		for (j = i + 1; n - j >= 4; j += 4)
			add_four_rows(factor, j, row + j, scratch);
		for (; j < n; j++)
			hp_add_times(scratch + j, row[j], hp_triangle_row(factor, j) + j,
						 n - j);
		scratch[i] = diagonal;
		memcpy(row + i, scratch + i, (n - i) * sizeof(double));
	}
}
