/*
 * report_page.h
 *		The parts of the page that report_html.c writes.
 */
#ifndef HPIMP_REPORT_PAGE_H
#define HPIMP_REPORT_PAGE_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "pg/effects.h"
#include "pg/report.h"

/* Columns of a name. */
#define PAGE_NAME		96

/* A bar on a track from 0 to 1, with its standard error if that is known. */
extern void page_bar(StringInfo out, const char *class, double share,
					 double error);

/* How far to trust a model: "good", "part" or "none". */
extern const char *page_trust(const Model *model);

/* A name, cut if it is long, set apart from what surrounds it. */
extern void page_name(StringInfo out, const char *name);

/* ---- report_curves.c ---- */

/* Of the metric, the same in all plots. */
typedef struct PageScale
{
	double		low;
	double		high;
} PageScale;

extern PageScale page_scale(const Model *model, const EffectCurve *curves,
							uint32 n);

/* A plot of what a parameter does. */
extern void page_curve(StringInfo out, const Report *report,
					   const EffectCurve *curve, const PageScale *scale);

/* ---- report_effects.c ---- */

/* What the leading parameters do alone and in pairs, if there are trees. */
extern void page_effects(StringInfo out, const Report *report);

/* ---- report_next.c ---- */

/* What the next sweep should keep. */
extern void page_next(StringInfo out, const Report *report);

/* ---- report_page.c: what is the same on all pages ---- */

extern const char page_head[];	/* up to the digest of the script */
extern const char page_head_rest[]; /* from there to the title */
extern const char page_style[]; /* from there to the body */
extern const char page_controls[];	/* above the panel, for the script */
extern const char page_pager[]; /* below it */
extern const char page_foot[];
extern const char page_script[];

#endif							/* HPIMP_REPORT_PAGE_H */
