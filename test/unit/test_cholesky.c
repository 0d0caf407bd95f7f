/*
 * test_cholesky.c
 *		Systems of all small sizes, as rows go four at a time, against what they
 *		were made of.
 */
#include "data.h"

#include "core/cholesky.h"

#define MOST	23
#define STRIDE	25

/* m = A'A + diagonal, upper triangle; what is below and behind it is rubbish. */
static void
make_system(HpTriangle *m, double diagonal, UnitRandom *random)
{
	double		a[MOST][MOST];

	for (uint32_t i = 0; i < m->n; i++)
		for (uint32_t k = 0; k < m->n; k++)
			a[i][k] = random_normal(random);
	for (uint32_t i = 0; i < MOST * STRIDE; i++)
		m->rows[i] = NAN;
	for (uint32_t i = 0; i < m->n; i++)
		for (uint32_t k = i; k < m->n; k++)
		{
			hp_triangle_row(m, i)[k] = i == k ? diagonal : 0;
			for (uint32_t j = 0; j < m->n; j++)
				hp_triangle_row(m, i)[k] += a[j][i] * a[j][k];
		}
}

static double
element(const HpTriangle *m, uint32_t i, uint32_t k)
{
	return i <= k ? hp_triangle_row(m, i)[k] : hp_triangle_row(m, k)[i];
}

/* How far the product of m with R^-1 R^-T is from the identity. */
static double
far_from_inverse(const HpTriangle *m, const HpTriangle *inverse)
{
	double		far = 0;

	for (uint32_t i = 0; i < m->n; i++)
		for (uint32_t k = 0; k < m->n; k++)
		{
			double		sum = i == k ? -1 : 0;

			for (uint32_t j = 0; j < m->n; j++)
				sum += element(m, i, j) *
					hp_inverse_at(inverse, j < k ? j : k, j < k ? k : j);
			far = fmax(far, fabs(sum));
		}
	return far;
}

static void
test_size(uint32_t n)
{
	UnitRandom	random = 31 + n;
	double		rows[MOST * STRIDE];
	double		copy[MOST * STRIDE];
	double		scratch[MOST];
	double		wanted[MOST];
	double		x[MOST];
	HpTriangle	m = {rows, n, STRIDE};
	HpTriangle	factor = {copy, n, STRIDE};
	double		far = 0;

	make_system(&m, 1, &random);
	memcpy(copy, rows, sizeof(rows));
	for (uint32_t i = 0; i < n; i++)
		wanted[i] = random_normal(&random);
	for (uint32_t i = 0; i < n; i++)
	{
		x[i] = 0;
		for (uint32_t k = 0; k < n; k++)
			x[i] += element(&m, i, k) * wanted[k];
	}
	hp_cholesky(unit_env, &factor);
	hp_cholesky_solve(&factor, x);
	for (uint32_t i = 0; i < n; i++)
		far = fmax(far, fabs(x[i] - wanted[i]));
	ok(far < 1e-9, "%" PRIu32 " unknowns: solved", n);
	hp_cholesky_invert(unit_env, &factor, scratch);
	far = far_from_inverse(&m, &factor);
	ok(far < 1e-9, "%" PRIu32 " unknowns: the inverse is one", n);
}

/* Four rows in one go make the same bits as one after the other. */
static void
test_four(void)
{
	UnitRandom	random = 4;
	double		from[4][MOST];
	double		factor[4];
	double		at_once[MOST];
	double		one_by_one[MOST];

	for (uint32_t i = 0; i < MOST; i++)
	{
		at_once[i] = one_by_one[i] = random_normal(&random);
		for (int k = 0; k < 4; k++)
			from[k][i] = random_normal(&random);
	}
	for (int k = 0; k < 4; k++)
	{
		factor[k] = random_normal(&random);
		hp_add_times(one_by_one, factor[k], from[k], MOST);
	}
	hp_add_four(at_once, factor, from[0], from[1], from[2], from[3], MOST);
	ok(memcmp(at_once, one_by_one, sizeof(at_once)) == 0, "four rows: the same bits");
}

/* Rounding has eaten what was left of two equal columns: no NaN comes of it. */
static void
test_singular(void)
{
	double		rows[4] = {1, 1, NAN, 1};
	double		scratch[2];
	HpTriangle	m = {rows, 2, 2};

	rows[3] = nextafter(1, 0);
	hp_cholesky(unit_env, &m);
	ok(isfinite(rows[0]) && isfinite(rows[1]) && rows[3] > 0, "a root of what is left");
	hp_cholesky_invert(unit_env, &m, scratch);
	ok(isfinite(rows[0]) && isfinite(rows[1]) && isfinite(rows[3]), "and its inverse");
}

int
main(void)
{
	for (uint32_t n = 1; n <= MOST; n++)
		test_size(n);
	test_four();
	test_singular();
	return done();
}
