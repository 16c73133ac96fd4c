package sqldbtest

import (
	"slices"
	"strings"
	"testing"

	"coffer/internal/sqldb"
)

// Shardable holds a schema to what a database that is spread over machines asks (Citus,
// CockroachDB, YugabyteDB; none of them is run here): each table with a vault_id is made
// again, partitioned by it, which PostgreSQL refuses if a key does not have it; and no
// foreign key leads from one vault to another. It returns how many tables belong to
// vaults, and the names of those that do not. Tables that name vaults and belong to none
// are named by the caller, who knows why.
func Shardable(t *testing.T, schema sqldb.Schema, but ...string) (ofVaults int, others []string) {
	t.Helper()
	url := Postgres(t)
	d, err := sqldb.Create(t.Context(), sqldb.Options{URL: url, Schemas: []sqldb.Schema{schema}})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	list := func(query string) []string { return strings.Fields(SQL(t, url, query)) }
	const tables = "SELECT c.relname FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'goose%' AND c.relname <> 'coffer_database'"
	const led = " EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'vault_id')"
	SQL(t, url, "CREATE SCHEMA spread")
	for _, table := range list(tables + " AND" + led) {
		if slices.Contains(but, table) {
			continue
		}
		ofVaults++
		SQL(t, url, "CREATE TABLE spread."+table+" (LIKE public."+table+" INCLUDING ALL) PARTITION BY HASH (vault_id)")
		for _, part := range []string{"0", "1"} {
			SQL(t, url, "CREATE TABLE spread."+table+"_"+part+" PARTITION OF spread."+table+" FOR VALUES WITH (MODULUS 2, REMAINDER "+part+")")
		}
	}
	// A foreign key of a vault's table must lead by vault_id to a vault's table.
	for _, bad := range list(`SELECT k.conname FROM pg_constraint k WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace
		AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attname = 'vault_id')
		AND NOT (EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attname = 'vault_id' AND a.attnum = ANY (k.conkey))
		     AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = k.confrelid AND a.attname = 'vault_id' AND a.attnum = ANY (k.confkey)))`) {
		t.Errorf("the foreign key %s leads out of its vault", bad)
	}
	for _, made := range list("SELECT relname FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace AND relname NOT LIKE 'goose%'") {
		t.Errorf("%s is a sequence: numbers that all machines would have to agree on", made)
	}
	others = list(tables + " AND NOT" + led)
	slices.Sort(others)
	return ofVaults, others
}
