/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The output as a graph for dot(1): from domains over mail targets to addresses, left to right.
 */

#include <string.h>

#include <libknot/libknot.h>

#include "kmxcheck/print.h"
#include "kmxcheck/xalloc.h"

#define ORANGE "#f6821f"
#define GREY "#8c8c8c"

/* Longest alias chain that is coloured. */
#define ALIAS_MAX 16

/* A name that sends mail and the same name as a host are two nodes, so that all edges go right. */
typedef enum { NODE_DOMAIN, NODE_TARGET, NODE_ADDRESS } kind_t;

/* Prefixes of node ids, in the order of the kinds. */
static const char prefixes[] = "dta";

typedef struct {
	kind_t kind;
	bool proxied;             /* Leads to a proxy. */
	const knot_dname_t *name; /* NULL for an address. */
	uint8_t family;
	uint8_t address[16];
} graph_node_t;

typedef struct {
	VEC(const audit_edge_t *) edges;
	VEC(graph_node_t) nodes; /* Sorted, each once. */
} graph_t;

static graph_node_t node_from(const audit_edge_t *edge)
{
	bool mail = edge->type == KNOT_RRTYPE_MX || edge->type == KNOT_RRTYPE_SRV;
	return (graph_node_t){ .kind = mail ? NODE_DOMAIN : NODE_TARGET, .name = edge->from };
}

static graph_node_t node_to(const audit_edge_t *edge)
{
	graph_node_t node = {
		.kind = edge->to != NULL ? NODE_TARGET : NODE_ADDRESS,
		/* Where a marked alias leads to is direct. An address that only marked records have
		 * is never answered. */
		.proxied = edge->proxied || (edge->marked && edge->to == NULL),
		.name = edge->to,
		.family = edge->family,
	};
	memcpy(node.address, edge->address, sizeof(node.address));
	return node;
}

static int compare_ids(const graph_node_t *a, const graph_node_t *b)
{
	if (a->kind != b->kind) {
		return a->kind < b->kind ? -1 : 1;
	}
	if (a->kind != NODE_ADDRESS) {
		return name_compare(a->name, b->name);
	}
	if (a->family != b->family) {
		return a->family < b->family ? -1 : 1;
	}
	return memcmp(a->address, b->address, address_size(a->family));
}

/* Of equal nodes the first one is drawn. That is the proxied one of names; but an address is direct
 * if one record with it is not marked. */
static int compare_nodes(const void *first, const void *second)
{
	const graph_node_t *a = first, *b = second;
	int order = compare_ids(a, b);
	int proxied = (int)b->proxied - (int)a->proxied;
	return order != 0 ? order : a->kind == NODE_ADDRESS ? -proxied : proxied;
}

/* A node's text. Backslashes of names mean something to dot and are doubled. */
static void print_label(FILE *out, const graph_node_t *node)
{
	knot_dname_txt_storage_t text;
	if (node->kind == NODE_ADDRESS) {
		(void)address_text(text, node->family, node->address);
	} else {
		(void)name_text(text, node->name);
	}
	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '"' || *at == '\\') {
			(void)fputc('\\', out);
		}
		(void)fputc(*at, out);
	}
}

static void print_id(FILE *out, const graph_node_t *node)
{
	(void)fprintf(out, "\"%c ", prefixes[node->kind]);
	print_label(out, node);
	(void)fputc('"', out);
}

static void print_node(FILE *out, const graph_node_t *node)
{
	(void)fputs("\t", out);
	print_id(out, node);
	(void)fputs(" [label=\"", out);
	print_label(out, node);
	(void)fputc('"', out);
	switch (node->kind) {
	case NODE_DOMAIN:
		(void)fputs(", shape=box, style=bold", out);
		break;
	case NODE_TARGET:
		(void)fputs(node->proxied ? ", color=\"" ORANGE "\", penwidth=2" : "", out);
		break;
	case NODE_ADDRESS:
		(void)fprintf(out, ", shape=box, style=\"rounded,filled\", color=\"%s\", "
		              "fillcolor=\"%s\"", node->proxied ? ORANGE : GREY,
		              node->proxied ? ORANGE : "#d9d9d9");
		break;
	}
	(void)fputs("];\n", out);
}

/* Sorts nodes and leaves out what is there twice. */
static void sort_nodes(graph_t *graph)
{
	size_t kept = 0;
	graph_node_t *nodes = graph->nodes.at;
	vec_sort(&graph->nodes, compare_nodes);
	for (size_t i = 0; i < graph->nodes.count; i++) {
		if (kept == 0 || compare_ids(&nodes[kept - 1], &nodes[i]) != 0) {
			nodes[kept++] = nodes[i];
		}
	}
	graph->nodes.count = kept;
}

static int find_node(const void *key, const void *node)
{
	return compare_ids(key, node);
}

static graph_node_t *node_of(const graph_t *graph, graph_node_t key)
{
	return vec_find(&graph->nodes, &key, find_node);
}

/* True if an edge leads to a proxy. */
static bool leads_to_proxy(const graph_t *graph, const audit_edge_t *edge)
{
	return edge->proxied || edge->marked ||
	       (edge->to != NULL && node_of(graph, node_to(edge))->proxied);
}

/* Marks hosts of which an address or the alias leads to a proxy. True: a host was marked. */
static bool mark_proxied(const graph_t *graph)
{
	bool more = false;
	for (size_t i = 0; i < graph->edges.count; i++) {
		const audit_edge_t *edge = graph->edges.at[i];
		graph_node_t *from = node_of(graph, node_from(edge));
		if (from->kind == NODE_TARGET && !from->proxied && leads_to_proxy(graph, edge)) {
			from->proxied = more = true;
		}
	}
	return more;
}

static void print_edge(const graph_t *graph, FILE *out, const audit_edge_t *edge)
{
	const graph_node_t *from = node_of(graph, node_from(edge));
	const graph_node_t *to = node_of(graph, node_to(edge));
	(void)fputs("\t", out);
	print_id(out, from);
	(void)fputs(" -> ", out);
	print_id(out, to);

	char type[TYPE_TEXT_MAX];
	(void)fprintf(out, " [label=\"%s\", color=\"%s\"%s];\n", type_text(type, edge->type),
	              leads_to_proxy(graph, edge) ? ORANGE : GREY,
	              edge->steered ? ", style=dashed" : "");
}

static void print_graph(const graph_t *graph, const output_t *output, FILE *out)
{
	(void)fputs("digraph kmxcheck {\n"
	            "\trankdir=LR;\n"
	            "\tranksep=1;\n"
	            "\tlabel=\"orange: leads to a proxy; grey: direct; dashed: steered to the "
	            "mail exchange in mode enforce\";\n"
	            "\tfontname=\"sans-serif\";\n"
	            "\tfontsize=11;\n"
	            "\tnode [fontname=\"sans-serif\", fontsize=11];\n"
	            "\tedge [fontname=\"sans-serif\", fontsize=9];\n", out);
	for (size_t i = 0; i < output->zone_count; i++) {
		const audit_t *audit = output->zones[i].audit;
		knot_dname_txt_storage_t name;
		(void)fprintf(out, "\t// %s serial %u\n", name_text(name, audit->zone),
		              audit->serial);
	}
	for (size_t i = 0; i < graph->nodes.count; i++) {
		print_node(out, &graph->nodes.at[i]);
	}
	for (size_t i = 0; i < graph->edges.count; i++) {
		print_edge(graph, out, graph->edges.at[i]);
	}
	(void)fputs("}\n", out);
}

void print_dot(const output_t *output, FILE *out)
{
	graph_t graph = { .edges = { .at = NULL } };
	for (size_t i = 0; i < output->zone_count; i++) {
		const audit_t *audit = output->zones[i].audit;
		for (size_t j = 0; j < audit->edges.count; j++) {
			const audit_edge_t *edge = &audit->edges.at[j];
			*(const audit_edge_t **)xadd(&graph.edges) = edge;
			*(graph_node_t *)xadd(&graph.nodes) = node_from(edge);
			*(graph_node_t *)xadd(&graph.nodes) = node_to(edge);
		}
	}
	sort_nodes(&graph);
	for (unsigned i = 0; i < ALIAS_MAX && mark_proxied(&graph); i++) {
	}
	print_graph(&graph, output, out);
	vec_free(&graph.edges);
	vec_free(&graph.nodes);
}
