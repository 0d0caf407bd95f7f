/*
 * report_style.h
 *		What a report should look like: the settings of hp_report.
 */
#ifndef HPIMP_REPORT_STYLE_H
#define HPIMP_REPORT_STYLE_H

#include "postgres.h"

typedef enum ReportFormat
{
	REPORT_TEXT = 1,
	REPORT_MARKDOWN = 2,
	REPORT_SVG = 3,
	REPORT_HTML = 4
} ReportFormat;

/* Columns of a terminal, unless told. */
#define REPORT_WIDTH	80

typedef struct ReportStyle
{
	ReportFormat format;
	int			width;
	bool		ascii;			/* no block characters and the like */
} ReportStyle;

#endif							/* HPIMP_REPORT_STYLE_H */
