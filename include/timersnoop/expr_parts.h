/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the sources of expr share; for them alone. */
#ifndef TIMERSNOOP_EXPR_PARTS_H
#define TIMERSNOOP_EXPR_PARTS_H

#include <stdint.h>

#include "timersnoop/expr.h"

/* So that whatever recurses here is bounded, and so is what is allocated. */
#define EXPR_DEPTH_MAX 64
#define EXPR_LENGTH_MAX 4096

enum expr_operator {
	EXPR_EQUAL,
	EXPR_NOT_EQUAL,
	EXPR_BELOW,
	EXPR_BELOW_OR_EQUAL,
	EXPR_ABOVE,
	EXPR_ABOVE_OR_EQUAL,
	EXPR_LIKE,
	EXPR_UNLIKE,
};

/* What both sides of a comparison are turned into. */
enum expr_as {
	EXPR_AS_INTEGER, /* counts, numbers, durations, addresses; true is 1 */
	EXPR_AS_RATE,
	EXPR_AS_TEXT,
};

/* One side. Integers in two parts: exact from INT64_MIN to UINT64_MAX, and beyond. */
struct expr_value {
	bool negative; /* never of 0 */
	uint64_t size;
	double rate;
	const char *text; /* of EXPR_LIKE: a pattern, '\' before what is no wildcard in it */
};

enum expr_node_kind { EXPR_AND, EXPR_OR, EXPR_NOT, EXPR_COMPARISON };

struct expr_node {
	enum expr_node_kind kind;
	/* of a comparison */
	enum expr_operator op;
	enum expr_as as;
	const struct field *left;
	const struct field *right; /* NULL: it is `constant` */
	struct expr_value constant;
	/* of the others */
	struct expr_node *first; /* what it joins or negates */
	struct expr_node *next;  /* beside this one, in the node above */
};

struct expr {
	const char *text;
	const struct field_table *table;
	const struct expr_node *root;
	struct expr_node *nodes; /* as many as there may be for a text of this length */
	size_t count;
	char *texts; /* of constants, NULs between them */
	size_t texts_used;
};

enum expr_token_kind {
	EXPR_TOKEN_END,
	EXPR_TOKEN_WORD,
	EXPR_TOKEN_QUOTED, /* the quotes are part of it */
	EXPR_TOKEN_OPERATOR,
	EXPR_TOKEN_AND,
	EXPR_TOKEN_OR,
	EXPR_TOKEN_NOT,
	EXPR_TOKEN_OPEN,
	EXPR_TOKEN_CLOSE,
};

struct expr_token {
	enum expr_token_kind kind;
	enum expr_operator op;
	size_t at; /* in the text */
	size_t length;
};

struct expr_parser {
	struct expr *expr;
	size_t length; /* of its text */
	const char *what;
	struct error *err;
	size_t at; /* behind `token` */
	struct expr_token token;
	unsigned depth;
};

/*
 * Copies what a terminal may be shown of `text`: '?' for what is neither printable
 * nor well-formed UTF-8, a space for white space, at most `columns` characters that
 * fit into `size` bytes with their NUL. Returns how many bytes of `text` they were.
 */
size_t expr_shown(char *to, size_t size, const char *text, size_t length, size_t columns);

/* Fills err with a sentence and the place in the text. Returns -EINVAL. */
int expr_wrong(const struct expr_parser *parser, size_t at, size_t length, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
int expr_wrong_token(const struct expr_parser *parser, const struct expr_token *token,
		     const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The comparison of two operands, or of one that is a condition by itself: 0 or -EINVAL. */
int expr_compare(struct expr_parser *parser, struct expr_node *node, const struct expr_token *left,
		 const struct expr_token *op, const struct expr_token *right);
int expr_alone(struct expr_parser *parser, struct expr_node *node, const struct expr_token *token);
/* A word stands for an operator ("and"): says so and returns -EINVAL; else 0. */
int expr_word_operator(const struct expr_parser *parser, const struct expr_token *token);

/* The constant beside `node->left`, from a token: sets `as` and `constant`. */
int expr_constant(struct expr_parser *parser, struct expr_node *node,
		  const struct expr_token *token);
/* "a duration" */
const char *expr_kind_name(enum field_kind kind);

/* The operator that holds when this one does not: < for >=. */
enum expr_operator expr_inverse(enum expr_operator op);

#endif
