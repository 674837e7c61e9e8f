-- Step 1: the log, the state of records, consumers, and the wall between tenants.
-- Names are looked up in the schema that the step is applied in; a step that was released is never changed.

CREATE TABLE _head (
    _tenant text COLLATE "C" PRIMARY KEY CHECK (_tenant <> ''),
    number bigint NOT NULL CHECK (number > 0),
    chain bytea NOT NULL
);
COMMENT ON TABLE _head IS 'Of each tenant the number of its last entry, and the link that ties the next one to it.';

CREATE TABLE _entry (
    _tenant text COLLATE "C" NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    kind text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    new text COLLATE "C" NOT NULL,
    old text COLLATE "C" NOT NULL,
    at_us bigint,
    at_day date,
    recorded_us bigint NOT NULL,
    actor text COLLATE "C",
    sequence bigint NOT NULL,
    source text COLLATE "C" NOT NULL,
    key text COLLATE "C",
    digest bytea,
    chain bytea NOT NULL,
    PRIMARY KEY (_tenant, number),
    UNIQUE (_tenant, kind, id, version),
    UNIQUE (_tenant, source, key),
    CHECK ((at_us IS NULL) <> (at_day IS NULL)),
    CHECK ((key IS NULL) = (digest IS NULL))
);
COMMENT ON TABLE _entry IS 'The log: it is added to, and never changed. Instants are microseconds since 1970 UTC.';

CREATE TABLE _consumer (
    _tenant text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    cursor bigint NOT NULL CHECK (cursor >= 0),
    state bytea,
    PRIMARY KEY (_tenant, name)
);
COMMENT ON TABLE _consumer IS 'How far each consumer of the log has read, and what it keeps.';

CREATE TABLE _record (
    _tenant text COLLATE "C" NOT NULL,
    _kind text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    PRIMARY KEY (_tenant, _kind, _made),
    UNIQUE (_tenant, _kind, _id)
);
COMMENT ON TABLE _record IS 'Records of the tables of the host, with their fields as JSON.';

CREATE TABLE "lead" (
    _tenant text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    "name" text COLLATE "C",
    "created_at" timestamptz,
    "created_at_day" date,
    "source" text COLLATE "C",
    "source_detail" text COLLATE "C",
    "status" text COLLATE "C",
    "owner" text COLLATE "C",
    "team" text COLLATE "C",
    "assigned_at" timestamptz,
    "assigned_at_day" date,
    "first_contact_at" timestamptz,
    "first_contact_at_day" date,
    "first_response_at" timestamptz,
    "first_response_at_day" date,
    "converted" boolean,
    "converted_at" timestamptz,
    "converted_at_day" date,
    "opportunity" text COLLATE "C",
    "account" text COLLATE "C",
    "contact" text COLLATE "C",
    "campaign" text COLLATE "C",
    "score" double precision,
    "expected_amount" numeric,
    "expected_amount_currency" text COLLATE "C",
    "country" text COLLATE "C",
    "region" text COLLATE "C",
    "territory" text COLLATE "C",
    "industry" text COLLATE "C",
    "size" text COLLATE "C",
    "lost_at" timestamptz,
    "lost_at_day" date,
    "lost_reason" text COLLATE "C",
    "changed_at" timestamptz,
    "changed_at_day" date,
    "duplicate_of" text COLLATE "C",
    "merged_into" text COLLATE "C",
    "deleted" boolean,
    "sample" boolean,
    "test" boolean,
    PRIMARY KEY (_tenant, _made),
    UNIQUE (_tenant, _id)
);

CREATE TABLE "opportunity" (
    _tenant text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    "name" text COLLATE "C",
    "created_at" timestamptz,
    "created_at_day" date,
    "pipeline" text COLLATE "C",
    "stage" text COLLATE "C",
    "stage_entered_at" timestamptz,
    "stage_entered_at_day" date,
    "outcome" text COLLATE "C",
    "closed_at" timestamptz,
    "closed_at_day" date,
    "first_won_at" timestamptz,
    "first_won_at_day" date,
    "reopened" bigint,
    "expected_close" timestamptz,
    "expected_close_day" date,
    "amount" numeric,
    "amount_currency" text COLLATE "C",
    "won_amount" numeric,
    "won_amount_currency" text COLLATE "C",
    "recurring" numeric,
    "recurring_currency" text COLLATE "C",
    "term_months" bigint,
    "probability" numeric,
    "forecast_category" text COLLATE "C",
    "lost_reason" text COLLATE "C",
    "won_reason" text COLLATE "C",
    "kind" text COLLATE "C",
    "owner" text COLLATE "C",
    "team" text COLLATE "C",
    "territory" text COLLATE "C",
    "region" text COLLATE "C",
    "account" text COLLATE "C",
    "contact" text COLLATE "C",
    "lead" text COLLATE "C",
    "campaign" text COLLATE "C",
    "source" text COLLATE "C",
    "product" text COLLATE "C",
    "first_contact_at" timestamptz,
    "first_contact_at_day" date,
    "assigned_at" timestamptz,
    "assigned_at_day" date,
    "last_activity_at" timestamptz,
    "last_activity_at_day" date,
    "next_step" text COLLATE "C",
    "push_count" bigint,
    "score" double precision,
    "changed_at" timestamptz,
    "changed_at_day" date,
    "deleted" boolean,
    "archived" boolean,
    "sample" boolean,
    "test" boolean,
    "merged_into" text COLLATE "C",
    PRIMARY KEY (_tenant, _made),
    UNIQUE (_tenant, _id)
);

CREATE TABLE "stage" (
    _tenant text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    "name" text COLLATE "C",
    "pipeline" text COLLATE "C",
    "order" bigint,
    "kind" text COLLATE "C",
    "probability" numeric,
    "forecast_category" text COLLATE "C",
    "expected_days" bigint,
    "rotting_days" bigint,
    "active_from" timestamptz,
    "active_from_day" date,
    "active_to" timestamptz,
    "active_to_day" date,
    "unknown" boolean,
    PRIMARY KEY (_tenant, _made),
    UNIQUE (_tenant, _id)
);

CREATE TABLE "pipeline" (
    _tenant text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    "name" text COLLATE "C",
    PRIMARY KEY (_tenant, _made),
    UNIQUE (_tenant, _id)
);

CREATE TABLE "account" (
    _tenant text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    "name" text COLLATE "C",
    "kind" text COLLATE "C",
    "industry" text COLLATE "C",
    "sector" text COLLATE "C",
    "size" text COLLATE "C",
    "employees" bigint,
    "region" text COLLATE "C",
    "country" text COLLATE "C",
    "territory" text COLLATE "C",
    "source" text COLLATE "C",
    "tier" text COLLATE "C",
    "owner" text COLLATE "C",
    "team" text COLLATE "C",
    "parent" text COLLATE "C",
    "created_at" timestamptz,
    "created_at_day" date,
    "customer_since" timestamptz,
    "customer_since_day" date,
    "revenue" numeric,
    "revenue_currency" text COLLATE "C",
    "changed_at" timestamptz,
    "changed_at_day" date,
    "deleted" boolean,
    "sample" boolean,
    "test" boolean,
    "merged_into" text COLLATE "C",
    PRIMARY KEY (_tenant, _made),
    UNIQUE (_tenant, _id)
);

CREATE TABLE "contact" (
    _tenant text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    "name" text COLLATE "C",
    "account" text COLLATE "C",
    "owner" text COLLATE "C",
    "title" text COLLATE "C",
    "email" text COLLATE "C",
    "phone" text COLLATE "C",
    "source" text COLLATE "C",
    "country" text COLLATE "C",
    "created_at" timestamptz,
    "created_at_day" date,
    "changed_at" timestamptz,
    "changed_at_day" date,
    "deleted" boolean,
    "sample" boolean,
    "test" boolean,
    "merged_into" text COLLATE "C",
    PRIMARY KEY (_tenant, _made),
    UNIQUE (_tenant, _id)
);

CREATE TABLE "activity" (
    _tenant text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    "kind" text COLLATE "C",
    "at" timestamptz,
    "at_day" date,
    "due" timestamptz,
    "due_day" date,
    "done" timestamptz,
    "done_day" date,
    "duration" bigint,
    "quantity" bigint,
    "owner" text COLLATE "C",
    "actor" text COLLATE "C",
    "team" text COLLATE "C",
    "lead" text COLLATE "C",
    "opportunity" text COLLATE "C",
    "account" text COLLATE "C",
    "contact" text COLLATE "C",
    "campaign" text COLLATE "C",
    "direction" text COLLATE "C",
    "outcome" text COLLATE "C",
    "subject" text COLLATE "C",
    "deleted" boolean,
    "sample" boolean,
    "test" boolean,
    PRIMARY KEY (_tenant, _made),
    UNIQUE (_tenant, _id)
);

CREATE TABLE "seller" (
    _tenant text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    "name" text COLLATE "C",
    "team" text COLLATE "C",
    "manager" text COLLATE "C",
    "role" text COLLATE "C",
    "region" text COLLATE "C",
    "territory" text COLLATE "C",
    "active" boolean,
    "hired" date,
    "left" date,
    PRIMARY KEY (_tenant, _made),
    UNIQUE (_tenant, _id)
);

CREATE TABLE "team" (
    _tenant text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    "name" text COLLATE "C",
    "parent" text COLLATE "C",
    "manager" text COLLATE "C",
    "region" text COLLATE "C",
    PRIMARY KEY (_tenant, _made),
    UNIQUE (_tenant, _id)
);

CREATE TABLE "membership" (
    _tenant text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    "seller" text COLLATE "C",
    "team" text COLLATE "C",
    "start" date,
    "end" date,
    PRIMARY KEY (_tenant, _made),
    UNIQUE (_tenant, _id)
);

CREATE TABLE "split" (
    _tenant text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    "opportunity" text COLLATE "C",
    "seller" text COLLATE "C",
    "share" numeric,
    "kind" text COLLATE "C",
    PRIMARY KEY (_tenant, _made),
    UNIQUE (_tenant, _id)
);

CREATE TABLE "campaign" (
    _tenant text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    "name" text COLLATE "C",
    "kind" text COLLATE "C",
    "channel" text COLLATE "C",
    "status" text COLLATE "C",
    "parent" text COLLATE "C",
    "owner" text COLLATE "C",
    "created_at" timestamptz,
    "created_at_day" date,
    "start" date,
    "end" date,
    "budget" numeric,
    "budget_currency" text COLLATE "C",
    "expected_cost" numeric,
    "expected_cost_currency" text COLLATE "C",
    "expected_revenue" numeric,
    "expected_revenue_currency" text COLLATE "C",
    "impressions" bigint,
    "clicks" bigint,
    PRIMARY KEY (_tenant, _made),
    UNIQUE (_tenant, _id)
);

CREATE TABLE "touch" (
    _tenant text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    "campaign" text COLLATE "C",
    "channel" text COLLATE "C",
    "source" text COLLATE "C",
    "kind" text COLLATE "C",
    "at" timestamptz,
    "at_day" date,
    "lead" text COLLATE "C",
    "contact" text COLLATE "C",
    "account" text COLLATE "C",
    "opportunity" text COLLATE "C",
    "quantity" bigint,
    PRIMARY KEY (_tenant, _made),
    UNIQUE (_tenant, _id)
);

CREATE TABLE "cost" (
    _tenant text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    "kind" text COLLATE "C",
    "category" text COLLATE "C",
    "amount" numeric,
    "amount_currency" text COLLATE "C",
    "date" date,
    "start" date,
    "end" date,
    "source" text COLLATE "C",
    "channel" text COLLATE "C",
    "campaign" text COLLATE "C",
    "owner" text COLLATE "C",
    "team" text COLLATE "C",
    "account" text COLLATE "C",
    "product" text COLLATE "C",
    PRIMARY KEY (_tenant, _made),
    UNIQUE (_tenant, _id)
);

CREATE TABLE "target" (
    _tenant text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    "kind" text COLLATE "C",
    "scope" text COLLATE "C",
    "owner" text COLLATE "C",
    "team" text COLLATE "C",
    "account" text COLLATE "C",
    "product" text COLLATE "C",
    "region" text COLLATE "C",
    "territory" text COLLATE "C",
    "category" text COLLATE "C",
    "metric" text COLLATE "C",
    "amount" numeric,
    "amount_currency" text COLLATE "C",
    "quantity" numeric,
    "start" date,
    "end" date,
    PRIMARY KEY (_tenant, _made),
    UNIQUE (_tenant, _id)
);

CREATE TABLE "forecast" (
    _tenant text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    "owner" text COLLATE "C",
    "team" text COLLATE "C",
    "product" text COLLATE "C",
    "region" text COLLATE "C",
    "category" text COLLATE "C",
    "amount" numeric,
    "amount_currency" text COLLATE "C",
    "start" date,
    "end" date,
    "submitted_at" timestamptz,
    "submitted_at_day" date,
    PRIMARY KEY (_tenant, _made),
    UNIQUE (_tenant, _id)
);

CREATE TABLE "product" (
    _tenant text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    "name" text COLLATE "C",
    "family" text COLLATE "C",
    "price" numeric,
    "price_currency" text COLLATE "C",
    "active" boolean,
    PRIMARY KEY (_tenant, _made),
    UNIQUE (_tenant, _id)
);

CREATE TABLE "quote" (
    _tenant text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    "opportunity" text COLLATE "C",
    "account" text COLLATE "C",
    "owner" text COLLATE "C",
    "created_at" timestamptz,
    "created_at_day" date,
    "requested_at" timestamptz,
    "requested_at_day" date,
    "sent_at" timestamptz,
    "sent_at_day" date,
    "decided_at" timestamptz,
    "decided_at_day" date,
    "valid_until" date,
    "status" text COLLATE "C",
    "amount" numeric,
    "amount_currency" text COLLATE "C",
    "list_amount" numeric,
    "list_amount_currency" text COLLATE "C",
    "discount" numeric,
    "discount_currency" text COLLATE "C",
    PRIMARY KEY (_tenant, _made),
    UNIQUE (_tenant, _id)
);

CREATE TABLE "order_line" (
    _tenant text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    "order" text COLLATE "C",
    "opportunity" text COLLATE "C",
    "quote" text COLLATE "C",
    "account" text COLLATE "C",
    "owner" text COLLATE "C",
    "product" text COLLATE "C",
    "at" timestamptz,
    "at_day" date,
    "kind" text COLLATE "C",
    "quantity" numeric,
    "price" numeric,
    "price_currency" text COLLATE "C",
    "list_price" numeric,
    "list_price_currency" text COLLATE "C",
    "discount" numeric,
    "discount_currency" text COLLATE "C",
    "amount" numeric,
    "amount_currency" text COLLATE "C",
    "term_months" bigint,
    PRIMARY KEY (_tenant, _made),
    UNIQUE (_tenant, _id)
);

CREATE TABLE "invoice" (
    _tenant text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    "account" text COLLATE "C",
    "opportunity" text COLLATE "C",
    "subscription" text COLLATE "C",
    "owner" text COLLATE "C",
    "issued_at" timestamptz,
    "issued_at_day" date,
    "due" timestamptz,
    "due_day" date,
    "paid_at" timestamptz,
    "paid_at_day" date,
    "status" text COLLATE "C",
    "kind" text COLLATE "C",
    "amount" numeric,
    "amount_currency" text COLLATE "C",
    PRIMARY KEY (_tenant, _made),
    UNIQUE (_tenant, _id)
);

CREATE TABLE "payment" (
    _tenant text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    "invoice" text COLLATE "C",
    "account" text COLLATE "C",
    "opportunity" text COLLATE "C",
    "owner" text COLLATE "C",
    "at" timestamptz,
    "at_day" date,
    "kind" text COLLATE "C",
    "amount" numeric,
    "amount_currency" text COLLATE "C",
    PRIMARY KEY (_tenant, _made),
    UNIQUE (_tenant, _id)
);

CREATE TABLE "subscription" (
    _tenant text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    "account" text COLLATE "C",
    "opportunity" text COLLATE "C",
    "product" text COLLATE "C",
    "owner" text COLLATE "C",
    "kind" text COLLATE "C",
    "status" text COLLATE "C",
    "created_at" timestamptz,
    "created_at_day" date,
    "start" date,
    "end" date,
    "cancelled_at" timestamptz,
    "cancelled_at_day" date,
    "cancel_reason" text COLLATE "C",
    "recurring" numeric,
    "recurring_currency" text COLLATE "C",
    "term_months" bigint,
    PRIMARY KEY (_tenant, _made),
    UNIQUE (_tenant, _id)
);

CREATE TABLE "response" (
    _tenant text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    "kind" text COLLATE "C",
    "score" bigint,
    "at" timestamptz,
    "at_day" date,
    "account" text COLLATE "C",
    "contact" text COLLATE "C",
    "opportunity" text COLLATE "C",
    "owner" text COLLATE "C",
    "product" text COLLATE "C",
    "channel" text COLLATE "C",
    "comment" text COLLATE "C",
    PRIMARY KEY (_tenant, _made),
    UNIQUE (_tenant, _id)
);

CREATE TABLE "rate" (
    _tenant text COLLATE "C" NOT NULL,
    _id text COLLATE "C" NOT NULL,
    _version bigint NOT NULL,
    _made bigint NOT NULL,
    _newest bigint[] NOT NULL,
    _extra json,
    "from_currency" text COLLATE "C",
    "to_currency" text COLLATE "C",
    "valid_from" date,
    "rate" numeric,
    "source" text COLLATE "C",
    PRIMARY KEY (_tenant, _made),
    UNIQUE (_tenant, _id)
);

-- The wall: a connection sees the tenant that its transaction is for, and of the others nothing. FORCE holds for the owner too,
-- but for the function below.
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT c.relname FROM pg_catalog.pg_class c
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = pg_catalog.current_schema()
                  AND c.relkind = 'r' AND c.relname <> '_migration'
    LOOP
        EXECUTE pg_catalog.format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE pg_catalog.format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE pg_catalog.format(
            'CREATE POLICY tenant ON %I USING (_tenant = pg_catalog.current_setting(''crmcore.tenant'', true)) '
            'WITH CHECK (_tenant = pg_catalog.current_setting(''crmcore.tenant'', true))', name);
        EXECUTE pg_catalog.format(
            'CREATE POLICY owner ON %I FOR SELECT TO CURRENT_USER '
            'USING (pg_catalog.current_setting(''crmcore.listing'', true) = ''on'')', name);
    END LOOP;
END $$;

-- A check of all tenants needs their names, wherever one stands, and nothing else of them. It goes from name to name by index.
CREATE FUNCTION _tenants() RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE name text;
BEGIN
    PERFORM pg_catalog.set_config('crmcore.listing', 'on', true);
    FOR name IN SELECT c.relname FROM pg_catalog.pg_policy p
                JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = pg_catalog.current_schema() AND p.polname = 'owner'
    LOOP
        RETURN QUERY EXECUTE pg_catalog.format(
            'WITH RECURSIVE t (tenant) AS ('
            'SELECT pg_catalog.min(_tenant) FROM %1$I UNION ALL '
            'SELECT (SELECT pg_catalog.min(_tenant) FROM %1$I WHERE _tenant > t.tenant) FROM t WHERE t.tenant IS NOT NULL) '
            'SELECT tenant FROM t WHERE tenant IS NOT NULL', name);
    END LOOP;
    PERFORM pg_catalog.set_config('crmcore.listing', '', true);
END $$;
REVOKE ALL ON FUNCTION _tenants() FROM PUBLIC;
