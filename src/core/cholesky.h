/*
 * cholesky.h
 *		Symmetric positive definite systems of a hundred or two unknowns.
 *
 * Matrices are upper triangles, row by row, rows being `stride` doubles apart.
 * Sums are taken in one order: the same bits everywhere.
 */
#ifndef HPIMP_CHOLESKY_H
#define HPIMP_CHOLESKY_H

#include "core.h"

typedef struct HpTriangle
{
	double	   *rows;
	uint32_t	n;
	uint32_t	stride;
} HpTriangle;

static inline double *
hp_triangle_row(const HpTriangle *m, uint32_t i)
{
	return m->rows + (size_t) i * m->stride;
}

/* to += factor * from, n of them. */
static inline void
hp_add_times(double *restrict to, double factor, const double *restrict from,
			 uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		to[i] += factor * from[i];
}

/* The same of four rows, one after the other: to is read and written once. */
static inline void
hp_add_four(double *restrict to, const double factor[4],
			const double *restrict a, const double *restrict b,
			const double *restrict c, const double *restrict d, uint32_t n)
{
	double		of_a = factor[0];
	double		of_b = factor[1];
	double		of_c = factor[2];
	double		of_d = factor[3];

	for (uint32_t i = 0; i < n; i++)
		to[i] = to[i] + of_a * a[i] + of_b * b[i] + of_c * c[i] + of_d * d[i];
}

static inline double
hp_product(const double *x, const double *y, uint32_t n)
{
	double		sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += x[i] * y[i];
	return sum;
}

/* m becomes R, upper triangular, R'R = m. */
extern void hp_cholesky(const HpEnv *env, HpTriangle *m);

/* x becomes the solution of R'Rz = x. */
extern void hp_cholesky_solve(const HpTriangle *factor, double *x);

/* R becomes its own inverse, upper triangular as well; scratch has n doubles. */
extern void hp_cholesky_invert(const HpEnv *env, HpTriangle *factor,
							   double *scratch);

/*
 * Elements i, k of the inverse of R'R, with the inverse of R: the product of its
 * rows i and k >= i.
 */
static inline double
hp_inverse_at(const HpTriangle *inverse, uint32_t i, uint32_t k)
{
	return hp_product(hp_triangle_row(inverse, i) + k,
					  hp_triangle_row(inverse, k) + k, inverse->n - k);
}

#endif							/* HPIMP_CHOLESKY_H */
