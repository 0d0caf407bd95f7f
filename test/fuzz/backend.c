/*
 * backend.c
 *		Fuzz targets that need a server: libFuzzer inside a backend.
 *
 * This file, all of the extension and libFuzzer make one module, which a
 * single-user backend loads; fuzz(target, options) runs libFuzzer there until
 * its options let it end.  So what is fuzzed is the extension as it is, among
 * the real memory contexts, errors and conversions of a server, at thousands
 * of inputs a second, led by the coverage of the extension.
 *
 *	 study		bytes of an hp_study, as COPY BINARY or a client would send them
 *	 forest		bytes of an hp_forest
 *	 parts		bytes of parts of one, each behind two bytes that tell its length
 *	 config		a jsonb config as text, and a forest asked to predict of it
 *
 * Whatever is accepted is asked every question there is.  Findings are: a
 * crash, a report by a sanitizer, an answer that takes longer than -timeout,
 * an internal error (XX000), memory that is used up beyond hpimp.max_memory or
 * not given back, a value that does not come back from its own binary form as it
 * was, importances that are none, parts that make another forest in another
 * order.  Each input is a subtransaction that is
 * rolled back.
 *
 * tight.h gives nearly each piece of palloc'd memory a malloc() block of its
 * own, at whose end the address sanitizer stands.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "nodes/execnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/tuplestore.h"

#include "flat.h"

extern int	LLVMFuzzerRunDriver(int *argc, char ***argv,
								int (*one) (const uint8 *, size_t));
extern size_t LLVMFuzzerMutate(uint8 *data, size_t size, size_t most);
extern size_t LLVMFuzzerCustomMutator(uint8 *data, size_t size, size_t most,
									  unsigned int seed);

PG_FUNCTION_INFO_V1(fuzz);

/* ---- questions ---- */

/* What to ask of this input: a hash (FNV-1a). */
static uint64
choose(const uint8 *bytes, size_t size)
{
	uint64		hash = UINT64CONST(0xcbf29ce484222325);

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * UINT64CONST(0x100000001b3);
	return hash >> 8;
}

#define MOST_ARGUMENTS	20

typedef struct Question
{
	const char *function;
	const char *rest[MOST_ARGUMENTS];	/* arguments behind the first; "" ends */
	FmgrInfo	info;			/* filled when first asked */
	int			n_rest;
	Datum		value[MOST_ARGUMENTS];
	bool		isnull[MOST_ARGUMENTS];
} Question;

#define END		""
#define FOREST_ARGUMENTS "int,int,int,float8,int8,text[],text[],text[],text,text,text,text,float8,int,bool,int,int"

static Question of_forest[] = {
	{"hp_importance(hp_forest)", {END}},
	{"hp_parameters(hp_forest)", {END}},
	{"hp_quality(hp_forest)", {END}},
	{"hp_interactions(hp_forest)", {END}},
	{"hp_suggest(hp_forest)", {END}},
	{"hp_report(hp_forest)", {END}},
	{"hp_report_as(hp_forest,text,int,bool)", {"html", "80", "f", END}},
	{"hp_report_as(hp_forest,text,int,bool)", {"svg", "80", "f", END}},
	{"hp_report_as(hp_forest,text,int,bool)", {"markdown", "80", "t", END}},
	{"hp_report_as(hp_forest,text,int,bool)", {"text", "40", "t", END}},
	{"hp_predict(hp_forest,jsonb)", {"{}", END}},
	{"hp_predict(hp_forest,jsonb)", {"{\"lr\": 0.05, \"optimizer\": \"adam\", \"model.depth\": 3, \"a\": \"x\", \"on\": true}", END}},
	{"hp_predict(hp_forest,jsonb)", {"{\"lr\": \"warm\", \"optimizer\": 1e400, \"a\": null, \"b\": [1], \"on\": {}}", END}},
	{"hp_forest_out(hp_forest)", {END}},
};

static Question spaces[] = {
	{"hp_space(hp_forest,text)", {"uniform", END}},
	{"hp_space(hp_forest,text)", {"log", END}},
};

static Question marginal = {"hp_marginal(hp_forest,text)", {"lr", END}};

static Question of_study[] = {
	{"hp_study_runs(hp_study)", {END}},
	{"hp_values(hp_study)", {END}},
	{"hp_correlation(hp_study)", {END}},
	{"hp_levels(hp_study)", {END}},
	{"hp_study_out(hp_study)", {END}},
};

/* What makes another study of one, to be asked as well. */
static Question changes[] = {
	{"hp_study_add_run(hp_study,jsonb,float8)", {"{\"lr\": 0.5, \"new\": {\"value\": [1]}, \"optimizer\": \"adam\"}", "1.5", END}},
	{"hp_study_add_run(hp_study,jsonb,float8)", {NULL, "NaN", END}},
	{"hp_study_merge(hp_study,hp_study)", {NULL, END}},
};

/* One of them is made of a study. */
static Question forests[] = {
#define FOREST(...) {"hp_forest(hp_study," FOREST_ARGUMENTS ")", {__VA_ARGS__, END}}
	FOREST("2", NULL, NULL, "1", "0", NULL, NULL, NULL, "native", "permutation", "auto", "minimize", "0.1", NULL, "f", NULL, NULL),
	FOREST("2", "3", "2", "0.5", "1", NULL, "{a}", "{%}", "native", "impurity", "value", "maximize", "0.5", "1", "f", NULL, NULL),
	FOREST("2", NULL, NULL, "1", "-1", NULL, NULL, NULL, "onehot", "corrected", "fill", "minimize", "0.9", "1", "f", NULL, NULL),
	FOREST("2", NULL, NULL, "1", "7", "{%}", NULL, NULL, "native", "fanova", "auto", "minimize", "0.1", NULL, "f", NULL, NULL),
	FOREST("2", NULL, NULL, "1", "7", NULL, NULL, NULL, "onehot", "ped_anova", "auto", "maximize", "0.3", NULL, "f", NULL, NULL),
	FOREST("1", "1", NULL, "1", "0", NULL, NULL, NULL, "native", "permutation", "value", "minimize", "0.1", "1", "t", NULL, NULL),
};

/* Where their settings that are looked at here are among the arguments. */
#define DEPTH_AT		13
#define PART_AT			15

static Question merge = {"hp_forest_merge(hp_forest,hp_forest)", {NULL, END}};

static void
finding(const char *what, const char *detail)
{
	fprintf(stderr, "FINDING: %s: %s\n", what, detail);
	abort();
}

/* Looks the function up and reads the arguments, once and for all. */
static void
prepare(Question *question)
{
	MemoryContext keep = MemoryContextSwitchTo(TopMemoryContext);
	Oid			function;
	Oid		   *types;
	int			n_types;

	function = DatumGetObjectId(DirectFunctionCall1(regprocedurein,
													CStringGetDatum(question->function)));
	get_func_signature(function, &types, &n_types);
	for (int i = 0; question->rest[i] == NULL || question->rest[i][0] != '\0'; i++)
	{
		Oid			input;
		Oid			parameter;

		question->n_rest = i + 1;
		question->isnull[i] = question->rest[i] == NULL;
		if (question->isnull[i])
			continue;
		getTypeInputInfo(types[i + 1], &input, &parameter);
		question->value[i] = OidInputFunctionCall(input, unconstify(char *, question->rest[i]),
												  parameter, -1);
	}
	fmgr_info_cxt(function, &question->info, TopMemoryContext);
	MemoryContextSwitchTo(keep);
}

typedef struct Answer
{
	Datum		value;
	bool		isnull;
	Tuplestorestate *rows;
	TupleDesc	descriptor;
} Answer;

/*
 * Go on after an error, which what was called is free to raise unless it is one
 * of the server's own or ran out of memory.
 */
static void
forgive(MemoryContext context)
{
	ErrorData  *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	if (error->sqlerrcode == ERRCODE_INTERNAL_ERROR ||
		error->sqlerrcode == ERRCODE_OUT_OF_MEMORY)
		finding(unpack_sql_state(error->sqlerrcode), error->message);
	if (getenv("FUZZ_ERRORS") != NULL)
		fprintf(stderr, "error: %s: %s\n", unpack_sql_state(error->sqlerrcode), error->message);
	FreeErrorData(error);
}

static Answer
call(Question *question, Datum subject, bool isnull)
{
	LOCAL_FCINFO(fcinfo, MOST_ARGUMENTS + 1);
	ExprContext *context = CreateStandaloneExprContext();
	ReturnSetInfo result = {
		.type = T_ReturnSetInfo, .econtext = context,
		.allowedModes = SFRM_Materialize, .returnMode = SFRM_ValuePerCall
	};
	Answer		answer = {0};

	question->info.fn_extra = NULL;
	question->info.fn_mcxt = CurrentMemoryContext;
	InitFunctionCallInfoData(*fcinfo, &question->info, question->n_rest + 1,
							 InvalidOid, NULL, (Node *) &result);
	fcinfo->args[0] = (NullableDatum) {subject, isnull};
	for (int i = 0; i < question->n_rest; i++)
		fcinfo->args[i + 1] = (NullableDatum) {question->value[i], question->isnull[i]};
	answer.value = FunctionCallInvoke(fcinfo);
	answer.isnull = fcinfo->isnull;
	answer.rows = result.setResult;
	answer.descriptor = result.setDesc;
	return answer;
}

/* Ask, in a subtransaction of its own: NULL and no rows if that is an error. */
static Answer
ask_of(Question *question, Datum subject, bool isnull)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile Answer answer = {.isnull = true};

	if (question->info.fn_oid == InvalidOid)
		prepare(question);
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		*unvolatize(Answer *, &answer) = call(question, subject, isnull);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		forgive(context);
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return *unvolatize(Answer *, &answer);
}

static Answer
ask(Question *question, Datum subject)
{
	return ask_of(question, subject, false);
}

static void
ask_all(Question *questions, int n, Datum subject)
{
	for (int i = 0; i < n; i++)
	{
		Answer		answer = ask(&questions[i], subject);

		if (answer.rows != NULL)
			tuplestore_end(answer.rows);
	}
}

/* ---- reading ---- */

typedef struct FlatType
{
	const char *receive;
	const char *send;
	FmgrInfo	receive_info;
	FmgrInfo	send_info;
} FlatType;

static FlatType study_type = {"hp_study_recv(internal)", "hp_study_send(hp_study)"};
static FlatType forest_type = {"hp_forest_recv(internal)", "hp_forest_send(hp_forest)"};

static void
find_function(const char *name, FmgrInfo *info)
{
	if (info->fn_oid == InvalidOid)
		fmgr_info_cxt(DatumGetObjectId(DirectFunctionCall1(regprocedurein, CStringGetDatum(name))),
					  info, TopMemoryContext);
}

static Datum
receive(FlatType *type, const uint8 *bytes, size_t size)
{
	StringInfoData buffer;

	find_function(type->receive, &type->receive_info);
	/* a block of exactly this size; a NUL follows, as the server promises */
	buffer.data = palloc(size + 1);
	memcpy(buffer.data, bytes, size);
	buffer.data[size] = '\0';
	buffer.len = size;
	buffer.maxlen = size + 1;
	buffer.cursor = 0;
	return FunctionCall3(&type->receive_info, PointerGetDatum(&buffer),
						 ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

/* What was sent here must be accepted, or be too large. */
static Datum
receive_again(FlatType *type, bytea *sent)
{
	MemoryContext context = CurrentMemoryContext;
	volatile Datum value = 0;

	PG_TRY();
	{
		value = receive(type, (uint8 *) VARDATA_ANY(sent), VARSIZE_ANY_EXHDR(sent));
	}
	PG_CATCH();
	{
		if (geterrcode() != ERRCODE_PROGRAM_LIMIT_EXCEEDED)
		{
			MemoryContextSwitchTo(context);
			finding("its own reader refuses it", CopyErrorData()->detail);
		}
		PG_RE_THROW();
	}
	PG_END_TRY();
	return value;
}

/* What was read must be what it is sent as, again and again. */
static void
check_round_trip(FlatType *type, Datum value)
{
	bytea	   *once;
	bytea	   *twice;

	find_function(type->send, &type->send_info);
	once = DatumGetByteaPP(FunctionCall1(&type->send_info, value));
	twice = DatumGetByteaPP(FunctionCall1(&type->send_info,
										  receive_again(type, once)));
	if (VARSIZE_ANY_EXHDR(once) != VARSIZE_ANY_EXHDR(twice) ||
		memcmp(VARDATA_ANY(once), VARDATA_ANY(twice), VARSIZE_ANY_EXHDR(once)) != 0)
		finding("it comes back as another value", type->receive);
}

/* ---- what must hold ---- */

/* Importances of a forest that was trained here sum to 1, or are all 0. */
static void
check_shares(Datum forest)
{
	Answer		answer = ask(&of_forest[0], forest);
	TupleTableSlot *slot;
	double		sum = 0;

	if (answer.rows == NULL)
		finding("a forest has no importances", "");
	slot = MakeSingleTupleTableSlot(answer.descriptor, &TTSOpsMinimalTuple);
	while (tuplestore_gettupleslot(answer.rows, true, false, slot))
	{
		bool		isnull;
		double		share = DatumGetFloat8(slot_getattr(slot, 2, &isnull));

		if (isnull)
			continue;
		if (!(share >= 0 && share <= 1 + 1e-9))
			finding("an importance is not in [0, 1]", psprintf("%.17g", share));
		sum += share;
	}
	if (sum != 0 && fabs(sum - 1) > 1e-9)
		finding("importances do not sum to 1", psprintf("%.17g", sum));
	ExecDropSingleTupleTableSlot(slot);
	tuplestore_end(answer.rows);
}

/* Ask for the effects of the first parameters that a forest names. */
static void
ask_marginals(Datum forest)
{
	Answer		answer = ask(&of_forest[1], forest);
	TupleTableSlot *slot;

	if (answer.rows == NULL)
		return;
	slot = MakeSingleTupleTableSlot(answer.descriptor, &TTSOpsMinimalTuple);
	if (marginal.info.fn_oid == InvalidOid)
		prepare(&marginal);
	for (int i = 0; i < 4 && tuplestore_gettupleslot(answer.rows, true, true, slot); i++)
	{
		bool		isnull;
		Answer		effect;

		marginal.value[0] = slot_getattr(slot, 1, &isnull);
		effect = ask(&marginal, forest);
		if (effect.rows != NULL)
			tuplestore_end(effect.rows);
	}
	ExecDropSingleTupleTableSlot(slot);
	tuplestore_end(answer.rows);
}

/* All tables, and one of the reports and spaces. */
static void
question_forest(Datum forest, uint64 choice)
{
	Answer		other;

	ask_all(of_forest, 5, forest);
	ask_all(&of_forest[5 + choice % (lengthof(of_forest) - 5)], 1, forest);
	ask_marginals(forest);
	other = ask(&spaces[choice / 64 % lengthof(spaces)], forest);
	if (other.isnull)
		return;
	ask_all(&of_forest[3], 2, other.value);
	ask_marginals(other.value);
}

static bool
same_bytes(Datum a, Datum b)
{
	struct varlena *x = PG_DETOAST_DATUM_PACKED(a);
	struct varlena *y = PG_DETOAST_DATUM_PACKED(b);

	return VARSIZE_ANY_EXHDR(x) == VARSIZE_ANY_EXHDR(y) &&
		memcmp(VARDATA_ANY(x), VARDATA_ANY(y), VARSIZE_ANY_EXHDR(x)) == 0;
}

/* The parts of two forests in one; what is merged stays as it was. */
static Answer
merge_parts(Datum state, Datum part)
{
	if (merge.info.fn_oid == InvalidOid)
		prepare(&merge);
	merge.value[0] = part;
	merge.isnull[0] = false;
	return ask(&merge, state);
}

/* The same forest as was trained at once, of two parts. */
static void
check_parts(Question *of, Datum study, Datum whole)
{
	Question	of_part = *of;
	Answer		parts[2];
	Answer		merged;

	for (int i = 0; i < 2; i++)
	{
		of_part.value[PART_AT] = Int32GetDatum(2 - i);
		of_part.value[PART_AT + 1] = Int32GetDatum(2);
		of_part.isnull[PART_AT] = of_part.isnull[PART_AT + 1] = false;
		parts[i] = ask(&of_part, study);
		if (parts[i].isnull)
			finding("there is a forest, but no part of it", "");
	}
	merged = merge_parts(parts[0].value, parts[1].value);
	if (merged.isnull || !same_bytes(merged.value, whole))
		finding("parts make another forest", of->rest[9]);
}

/*
 * One forest of it, asked one question: more of them are what other inputs ask.
 * Replicates for p-values, the last kind of forest, take long.
 */
static void
question_study(Datum study, uint64 choice)
{
	int			kind = choice % 64 == 63 ? lengthof(forests) - 1 : choice / 64 % (lengthof(forests) - 1);
	Answer		forest;

	ask_all(of_study, lengthof(of_study), study);
	forest = ask(&forests[kind], study);
	if (forest.isnull)
		return;
	check_round_trip(&forest_type, forest.value);
	/* with groups, rows are more than what sums to 1 */
	if (forests[kind].isnull[DEPTH_AT])
		check_shares(forest.value);
	ask_all(&of_forest[choice / 4096 % lengthof(of_forest)], 1, forest.value);
	if (choice / 8 % 4 == 0)
		check_parts(&forests[kind], study, forest.value);
}

/* ---- targets ---- */

static uint64 accepted;

static void
target_study(const uint8 *bytes, size_t size)
{
	Datum		study = receive(&study_type, bytes, size);
	uint64		choice = choose(bytes, size);
	Question   *change = &changes[choice / 65536 % lengthof(changes)];
	Answer		changed;

	accepted++;
	check_round_trip(&study_type, study);
	question_study(study, choice);
	if (change->info.fn_oid == InvalidOid)
		prepare(change);
	if (change == &changes[2])	/* merge it with itself */
	{
		change->value[0] = study;
		change->isnull[0] = false;
	}
	changed = ask(change, study);
	if (changed.isnull)
		return;
	check_round_trip(&study_type, changed.value);
	ask_all(of_study, lengthof(of_study), changed.value);
}

static void
target_forest(const uint8 *bytes, size_t size)
{
	Datum		forest = receive(&forest_type, bytes, size);

	accepted++;
	check_round_trip(&forest_type, forest);
	question_forest(forest, choose(bytes, size));
}

#define MOST_PARTS		4

/* Parts that follow each other, as many as are whole; their number. */
static int
receive_parts(Datum *parts, const uint8 *bytes, size_t size)
{
	int			n = 0;

	while (n < MOST_PARTS && size >= 2)
	{
		size_t		length = bytes[0] | bytes[1] << 8;

		bytes += 2;
		size -= 2;
		length = Min(length, size);
		parts[n++] = receive(&forest_type, bytes, length);
		bytes += length;
		size -= length;
	}
	return n;
}

/* All that belong together, from the first on or from the last; their number. */
static int
merge_all(Datum *parts, int n, bool backward, Datum *merged)
{
	int			n_merged = 1;

	*merged = parts[backward ? n - 1 : 0];
	for (int i = 1; i < n; i++)
	{
		Answer		more = merge_parts(*merged, parts[backward ? n - 1 - i : i]);

		if (more.isnull)
			continue;
		check_round_trip(&forest_type, more.value);
		*merged = more.value;
		n_merged++;
	}
	return n_merged;
}

static bool
is_whole(Datum forest)
{
	return memcmp(VARDATA_ANY(PG_DETOAST_DATUM_PACKED(forest)), "hpft", 4) == 0;
}

/* What forged reports say need not sum to 1, but must be as large as numbers are. */
static void
check_importances(Datum forest)
{
	Answer		answer = ask(&of_forest[0], forest);
	TupleTableSlot *slot;

	if (answer.rows == NULL)
		finding("a forest of parts has no importances", "");
	slot = MakeSingleTupleTableSlot(answer.descriptor, &TTSOpsMinimalTuple);
	while (tuplestore_gettupleslot(answer.rows, true, false, slot))
	{
		bool		isnull;
		double		share = DatumGetFloat8(slot_getattr(slot, 2, &isnull));

		if (!isnull && !(share >= 0 && isfinite(share)))
			finding("an importance is none", psprintf("%.17g", share));
	}
	ExecDropSingleTupleTableSlot(slot);
	tuplestore_end(answer.rows);
}

static void
target_parts(const uint8 *bytes, size_t size)
{
	Datum		parts[MOST_PARTS];
	int			n = receive_parts(parts, bytes, size);
	uint64		choice = choose(bytes, size);
	Datum		merged;
	Datum		other;
	int			n_merged;

	if (n == 0)
		return;
	for (int i = 0; i < n; i++)
		check_round_trip(&forest_type, parts[i]);
	n_merged = merge_all(parts, n, false, &merged);
	if (n_merged > 1)
		accepted++;
	if (merge_all(parts, n, true, &other) == n && n_merged == n &&
		!same_bytes(merged, other))
		finding("parts make another forest in another order", "");
	if (is_whole(merged))
	{
		check_importances(merged);
		question_forest(merged, choice);
	}
	else
	{
		/* all but its text */
		Answer		answer = ask(&of_forest[choice % (lengthof(of_forest) - 1)],
								 merged);

		if (answer.rows != NULL || !answer.isnull)
			finding("a forest answers that is not whole", "");
	}
}

/* Configs as text, one a line. */
static void
target_config(const uint8 *bytes, size_t size)
{
	static Question add = {"hp_study_add_run(hp_study,jsonb,float8)", {"{}", "0", END}};
	static Question number = {"hp_number(jsonb,text)", {"a.b", END}};
	static Question predict = {"hp_predict(hp_forest,jsonb)", {"{}", END}};
	char	   *text = palloc(size + 1);
	Datum		study = (Datum) 0;
	Answer		forest;
	int			n = 0;

	memcpy(text, bytes, size);
	text[size] = '\0';
	if (strlen(text) != size || !pg_verifymbstr(text, size, true))
		return;
	for (char *line = strtok(text, "\n"); line != NULL && n < 30; line = strtok(NULL, "\n"))
	{
		Datum		config = DirectFunctionCall1(jsonb_in, CStringGetDatum(line));
		Answer		more;

		ask(&number, config);
		add.value[0] = config;
		add.value[1] = Float8GetDatum(n % 7 + strlen(line) % 3);
		more = ask_of(&add, study, n == 0);
		if (more.isnull)
			continue;
		study = more.value;
		n++;
		predict.value[0] = config;
	}
	if (n == 0)
		return;
	accepted++;
	check_round_trip(&study_type, study);
	question_study(study, choose(bytes, size));
	forest = ask(&forests[0], study);
	if (!forest.isnull)
		ask(&predict, forest.value);
}

/* ---- libFuzzer ---- */

static void (*target) (const uint8 *, size_t);
static uint64 inputs;

/* Memory that is not given back, input after input. */
#define WARM_UP		2000
#define MOST_GROWTH	((Size) 16 * 1024 * 1024)

static void
check_growth(void)
{
	static Size after_warm_up;
	Size		now;

	if (inputs % WARM_UP != 0)
		return;
	now = MemoryContextMemAllocated(TopMemoryContext, true);
	if (after_warm_up == 0)
		after_warm_up = now;
	else if (now > after_warm_up + MOST_GROWTH)
		finding("memory is not given back",
				psprintf("%zu bytes, %zu after warming up", now, after_warm_up));
}

static int
one_input(const uint8 *bytes, size_t size)
{
	MemoryContext keep = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	MemoryContext scratch = AllocSetContextCreate(keep, "fuzz", ALLOCSET_DEFAULT_SIZES);

	inputs++;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(scratch);
	PG_TRY();
	{
		target(bytes, size);
	}
	PG_CATCH();
	{
		forgive(scratch);
	}
	PG_END_TRY();
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(keep);
	CurrentResourceOwner = owner;
	MemoryContextDelete(scratch);
	check_growth();
	return 0;
}

/* Called by libFuzzer for each change, whatever the target. */
size_t
LLVMFuzzerCustomMutator(uint8 *data, size_t size, size_t most, unsigned int seed)
{
	if (target == target_config || seed % 8 == 0)
		return LLVMFuzzerMutate(data, size, most);
	if (target == target_parts)
		return flat_change_parts(data, size, most, seed);
	return flat_change(data, size, most, seed);
}

static void
tell_accepted(void)
{
	fprintf(stderr, "accepted: " UINT64_FORMAT " of " UINT64_FORMAT " inputs\n",
			accepted, inputs);
}

/* fuzz(target text, options text[]); libFuzzer ends the process. */
Datum
fuzz(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Datum	   *options;
	int			n;
	char	  **arguments;

	target = strcmp(name, "study") == 0 ? target_study :
		strcmp(name, "forest") == 0 ? target_forest :
		strcmp(name, "parts") == 0 ? target_parts : target_config;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT,
					  &options, NULL, &n);
	arguments = palloc((n + 2) * sizeof(char *));
	arguments[0] = "fuzz";
	for (int i = 0; i < n; i++)
		arguments[i + 1] = TextDatumGetCString(options[i]);
	arguments[++n] = NULL;
	atexit(tell_accepted);
	LLVMFuzzerRunDriver(&n, &arguments, one_input);
	PG_RETURN_VOID();
}
