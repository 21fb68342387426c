"""The SQL of the generator: from drawn facts to cases, clocks, timeline, audit and notices, chunk by chunk.

Every draw is `bench_random(case, salt)`, a hash: the same size and seed give the same desk in whatever order the
chunks are written.
"""

PREPARE = """
CREATE FUNCTION bench_random(n bigint, salt bigint) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashint8extended(n, salt) & 9007199254740991)::double precision / 9007199254740992;

CREATE FUNCTION bench_pick(n bigint, salt bigint, words text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN words[1 + floor(bench_random(n, salt) * cardinality(words))::int];

CREATE UNLOGGED TABLE bench_customer (ordinal bigint, id bigint, name text, contact_id bigint, phone text, e164 text);
CREATE UNLOGGED TABLE bench_product (ordinal bigint, id bigint, name text, line text, responders bigint[]);
CREATE UNLOGGED TABLE bench_fault (ordinal bigint, words text);
CREATE UNLOGGED TABLE bench_told (handler bigint, slot text, told bigint);
CREATE UNLOGGED TABLE bench_moment (line text, severity text, open boolean, ordinal bigint, moment int, at timestamptz);
CREATE UNLOGGED TABLE bench_plan (moment int, line text, severity text, kind text, policy_id bigint,
    calendar_version_id bigint, may_pause boolean, due_at timestamptz, schedule jsonb, steps timestamptz[]);
"""

#: One row a case with everything that was drawn for it; numbers without gaps for each local day, ids by time.
DRAW = """
CREATE UNLOGGED TABLE bench_case AS
WITH drawn AS (
    SELECT g, p.id AS product_id, p.name AS product, p.line, c.id AS customer_id, c.name AS customer, c.contact_id,
        c.phone, c.e164, f.words AS fault,
        p.responders[1 + floor(bench_random(g, %(seed)s + 3) * cardinality(p.responders))::int] AS responder,
        -- one case in five has been handed over by its first responder
        p.responders[1 + floor(bench_random(g, %(seed)s + CASE WHEN bench_random(g, %(seed)s + 11) < 0.2 THEN 12
            ELSE 3 END) * cardinality(p.responders))::int] AS handler,
        bench_random(g, %(seed)s + 4) < %(open_share)s AS open,
        bench_random(g, %(seed)s + 5) AS severity_draw,
        bench_random(g, %(seed)s + 6) AS phase_draw,
        bench_random(g, %(seed)s + 7) AS moment_draw,
        bench_random(g, %(seed)s + 8) AS delay_draw,
        bench_random(g, %(seed)s + 9) AS life_draw
    FROM generate_series(1, %(cases)s) g
    JOIN bench_product p ON p.ordinal = floor(power(bench_random(g, %(seed)s + 1), 1.5) * %(products)s)::bigint
    -- the square: a few customers call often, most seldom
    JOIN bench_customer c ON c.ordinal = floor(power(bench_random(g, %(seed)s + 2), 2) * %(customers)s)::bigint
    JOIN bench_fault f ON f.ordinal = floor(bench_random(g, %(seed)s + 10) * %(faults)s)::bigint
), graded AS (
    SELECT *,
        CASE WHEN open AND phase_draw < 0.01 THEN ''
            WHEN open THEN CASE WHEN severity_draw < 0.01 THEN 'critical' WHEN severity_draw < 0.70 THEN 'major'
                WHEN severity_draw < 0.90 THEN 'minor' ELSE 'enquiry' END
            WHEN severity_draw < 0.04 THEN 'critical' WHEN severity_draw < 0.30 THEN 'major'
            WHEN severity_draw < 0.80 THEN 'minor' ELSE 'enquiry' END AS severity,
        CASE WHEN open THEN CASE WHEN phase_draw < 0.08 THEN 'registered' WHEN phase_draw < 0.83 THEN 'in_progress'
                WHEN phase_draw < 0.88 THEN 'waiting' WHEN phase_draw < 0.96 THEN 'restored'
                WHEN phase_draw < 0.98 THEN 'resolved' ELSE 'replied' END
            WHEN phase_draw < 0.95 THEN 'closed' ELSE 'cancelled' END AS phase
    FROM drawn
), counts AS (
    SELECT line, severity, open, count(*) AS n FROM bench_moment GROUP BY 1, 2, 3
), placed AS (
    SELECT g.*, m.moment, m.at AS accepted_at,
        CASE WHEN g.phase = 'waiting' AND g.severity = 'critical' THEN 'in_progress' ELSE g.phase END AS state,
        -- one ended case in a hundred was registered a day late (C3), the others within minutes
        m.at + CASE WHEN NOT g.open AND g.delay_draw < 0.01 THEN interval '25 hours'
            ELSE interval '20 seconds' + g.delay_draw * interval '5 minutes' END AS registered_at
    FROM graded g
    JOIN counts n USING (line, severity, open)
    JOIN bench_moment m ON (m.line, m.severity, m.open) = (g.line, g.severity, g.open)
        AND m.ordinal = floor(g.moment_draw * n.n)::bigint
), lived AS (
    SELECT *, CASE WHEN open THEN %(moment)s - registered_at
        ELSE interval '40 minutes' + power(life_draw, 7) * interval '6 days' END AS life
    FROM placed
)
SELECT row_number() OVER (ORDER BY registered_at, g) AS id,
    row_number() OVER (PARTITION BY (registered_at AT TIME ZONE %(zone)s)::date ORDER BY registered_at, g) AS of_day,
    (registered_at AT TIME ZONE %(zone)s)::date AS day,
    moment, product_id, product, line, customer_id, customer, contact_id, phone, e164, fault, responder, handler, open,
    severity,
    state, accepted_at, registered_at,
    CASE WHEN severity = 'critical' THEN accepted_at END AS emergency_at,
    CASE WHEN state <> 'registered' THEN registered_at + least(life * 0.05, interval '15 minutes') END AS started_at,
    CASE WHEN state <> 'registered' AND line = 'property' THEN registered_at + least(life * 0.1, interval '3 hours')
        END AS told_at,
    CASE WHEN state <> 'registered' AND line = 'property' THEN registered_at + least(life * 0.15, interval '25 minutes')
        END AS arrived_at,
    CASE WHEN state = 'waiting' THEN registered_at + life * 0.4 END AS waiting_at,
    CASE WHEN state = 'restored' OR (severity = 'critical' AND state IN ('resolved', 'replied', 'closed'))
        THEN registered_at + life * 0.5 END AS restored_at,
    CASE WHEN state IN ('resolved', 'replied', 'closed') THEN registered_at + life * 0.75 END AS resolved_at,
    CASE WHEN state IN ('replied', 'closed') THEN registered_at + life * 0.9 END AS replied_at,
    CASE WHEN NOT open THEN registered_at + life END AS ended_at
FROM lived;
ALTER TABLE bench_case ADD PRIMARY KEY (id);
ANALYZE bench_case;
INSERT INTO cases_dailynumber (day, last) SELECT day, max(of_day) FROM bench_case GROUP BY day;
"""

CASES = """
INSERT INTO cases_case (id, number, kind, service_line_id, customer_id, contact_id, caller_name, caller_phone,
    caller_e164, product_type_id, fault, subject, description, severity, graded_at, graded_by_id, accepted_at,
    registered_at, registered_by_id, first_responder_id, handler_id, state, waiting_for, cycle, emergency_started_at,
    started_at, arrived_at, restored_at, resolved_at, replied_at, ended_at, outcome, reply, reply_channel,
    cancel_reason, confidential, version)
SELECT id, 'CALL-' || to_char(day, 'YYYYMMDD') || '-' || CASE WHEN of_day < 10000 THEN lpad(of_day::text, 4, '0')
        ELSE of_day::text END,
    'call', line, customer_id, contact_id, '', phone, e164, product_id, fault,
    customer || ' ' || product || ' ' || fault,
    bench_pick(id, %(seed)s + 20, %(opening)s) || ',' || bench_pick(id, %(seed)s + 21, %(when)s) ||
        bench_pick(id, %(seed)s + 22, %(where)s) || fault || ',' ||
        bench_pick(id, %(seed)s + 23, %(symptom)s) || '。' ||
        bench_pick(id, %(seed)s + 24, %(effect)s) || ',' || bench_pick(id, %(seed)s + 25, %(wish)s) || '。联系人' ||
        bench_pick(id, %(seed)s + 26, %(surname)s) || bench_pick(id, %(seed)s + 27, %(given)s) ||
        bench_pick(id, %(seed)s + 28, %(given)s) || ',设备序列号' || (2102350000 + id %% 900001)::text || '。',
    nullif(severity, ''), CASE WHEN severity <> '' THEN registered_at END,
    CASE WHEN severity <> '' THEN responder END, accepted_at, registered_at, responder, responder, handler,
    state, CASE WHEN state = 'waiting' THEN 'customer' ELSE '' END, 1, emergency_at, started_at, arrived_at,
    restored_at, resolved_at, replied_at, ended_at,
    CASE WHEN resolved_at IS NOT NULL THEN '已更换故障单板,业务恢复。' ELSE '' END,
    CASE WHEN replied_at IS NOT NULL THEN '故障已处理完毕,请您确认。' ELSE '' END,
    CASE WHEN replied_at IS NOT NULL THEN 'phone' ELSE '' END,
    CASE WHEN state = 'cancelled' THEN '客户重复报障' ELSE '' END, false,
    1 + num_nonnulls(started_at, told_at, arrived_at, waiting_at, restored_at, resolved_at, replied_at, ended_at)
FROM bench_case WHERE id BETWEEN %(first)s AND %(last)s ORDER BY id
"""

#: As the triggers, which are off, would have it.
WORDS = """
INSERT INTO cases_casewords (case_id, words)
SELECT id, case_words(case_text(c)) FROM cases_case c WHERE id BETWEEN %(first)s AND %(last)s ORDER BY id
"""
FORGET_WORDS = "DROP INDEX case_words_found"
INDEX_WORDS = "CREATE INDEX case_words_found ON cases_casewords USING gin (words) WITH (fastupdate = off)"

PAUSES = """
INSERT INTO cases_casepause (case_id, starts_at, waiting_for, reason, by_id)
SELECT id, waiting_at, 'customer', '等待客户确认', responder FROM bench_case
WHERE waiting_at IS NOT NULL AND id BETWEEN %(first)s AND %(last)s ORDER BY id
"""

#: A clock is as its plan says, and has fired every step that came before it ended, was paused, or the present.
CLOCKS = """
INSERT INTO cases_casedeadline (case_id, kind, cycle, policy_id, calendar_version_id, state, armed_at, started_at,
    due_at, schedule, step, next_at, breached_at, ended_at, version, error)
SELECT c.id, p.kind, 1, p.policy_id, p.calendar_version_id, s.state, c.registered_at, c.accepted_at, p.due_at,
    p.schedule, f.step, CASE WHEN s.state = 'running' THEN p.steps[f.step + 2] END,
    CASE WHEN s.state <> 'met' AND p.due_at < u.until THEN p.due_at END, e.ended_at, 2 + f.step, ''
FROM bench_case c
JOIN bench_plan p ON (p.moment, p.line, p.severity) = (c.moment, c.line, c.severity)
CROSS JOIN LATERAL (SELECT CASE p.kind
    WHEN 'first_response' THEN coalesce(c.started_at, c.ended_at)
    WHEN 'on_site' THEN coalesce(c.arrived_at, c.resolved_at, c.ended_at)
    WHEN 'feedback' THEN coalesce(c.told_at, c.replied_at, c.ended_at)
    WHEN 'restoration' THEN coalesce(c.restored_at, c.resolved_at, c.ended_at)
    WHEN 'emergency' THEN coalesce(c.restored_at, c.ended_at)
    ELSE coalesce(c.resolved_at, c.ended_at) END AS ended_at) e
CROSS JOIN LATERAL (SELECT coalesce(e.ended_at, CASE WHEN p.may_pause THEN c.waiting_at END, %(moment)s) AS until) u
CROSS JOIN LATERAL (SELECT CASE
    WHEN e.ended_at IS NOT NULL THEN CASE WHEN c.state = 'cancelled' AND e.ended_at = c.ended_at THEN 'cancelled'
        WHEN e.ended_at > p.due_at THEN 'breached' ELSE 'met' END
    WHEN c.waiting_at IS NOT NULL AND p.may_pause THEN 'paused' ELSE 'running' END AS state) s
CROSS JOIN LATERAL (SELECT count(*)::int - 1 AS step FROM unnest(p.steps) AS at
    WHERE greatest(at, c.registered_at) <= u.until) f
WHERE c.id BETWEEN %(first)s AND %(last)s ORDER BY c.id
"""

CLOCK_EVENTS = """
INSERT INTO cases_caseclockevent (type, code, at, door, actor_id, detail, deadline_id)
SELECT * FROM (
    SELECT 'started', '', d.armed_at AS at, '', NULL::bigint, '{}'::jsonb, d.id
    FROM cases_casedeadline d WHERE d.case_id BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT 'fired', s.step->>0, greatest((s.step->>1)::timestamptz, d.armed_at), 'sentinel', NULL,
        jsonb_build_object('at', s.step->>1, 'late_seconds', NULL, 'entered_late', false), d.id
    FROM cases_casedeadline d
    CROSS JOIN LATERAL jsonb_array_elements(d.schedule->'steps') WITH ORDINALITY AS s(step, n)
    WHERE d.step >= 0 AND s.n - 1 <= d.step AND d.case_id BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT d.state, '', coalesce(d.ended_at, c.waiting_at), '', c.responder, '{}', d.id
    FROM cases_casedeadline d JOIN bench_case c ON c.id = d.case_id
    WHERE d.state <> 'running' AND d.case_id BETWEEN %(first)s AND %(last)s
) AS events ORDER BY at
"""

_HAPPENED = """
    FROM bench_case c CROSS JOIN LATERAL (VALUES
        ('registered', 'register', c.registered_at, '客户来电反映:' || c.fault || '。'),
        ('graded', NULL, CASE WHEN c.severity <> '' THEN c.registered_at END, ''),
        ('emergency', NULL, CASE WHEN c.emergency_at IS NOT NULL THEN c.registered_at END, ''),
        ('started', 'start', c.started_at, ''),
        ('told', 'tell', c.told_at, '已告知客户处理进展'),
        ('arrived', 'arrive', c.arrived_at, '已到现场'),
        ('waiting', 'wait', c.waiting_at, '等待客户确认'),
        ('restored', 'restore', c.restored_at, '业务已恢复'),
        ('resolved', 'resolve', c.resolved_at, '已更换故障单板,业务恢复。'),
        ('replied', 'reply', c.replied_at, '故障已处理完毕,请您确认。'),
        (c.state, CASE c.state WHEN 'closed' THEN 'close' ELSE 'cancel' END, c.ended_at, '')
    ) AS e(type, verb, at, text)
    WHERE e.at IS NOT NULL AND c.id BETWEEN %(first)s AND %(last)s
"""

TIMELINE = f"""
INSERT INTO cases_caseevent (case_id, at, actor_id, type, text, data)
SELECT c.id, e.at, c.responder, e.type, e.text,
    CASE e.type WHEN 'registered' THEN jsonb_build_object('late', c.registered_at - c.accepted_at > interval '24 hours')
        WHEN 'graded' THEN jsonb_build_object('severity', c.severity)
        WHEN 'told' THEN '{{"channel": "phone"}}' ELSE '{{}}' END
{_HAPPENED} ORDER BY c.id, e.at
"""

AUDIT = f"""
INSERT INTO audit_auditentry (at, actor_id, actor_label, door, verb, thing, outcome, detail, ip, request_id)
SELECT e.at, c.responder, '', 'screen', 'case.' || e.verb, 'case:' || c.id, 'done', '{{}}', '127.0.0.1',
    md5(c.id || e.verb)
{_HAPPENED} AND e.verb IS NOT NULL ORDER BY e.at
"""

#: One notice with its e-mail for each step fired, to the first slot of the step; answered where it asks for that.
NOTICES = """
WITH fired AS (
    SELECT d.id, d.kind, d.due_at, c.id AS case_id, c.customer, c.fault, k.number, e.code, e.at,
        s.step->'slots'->>0 AS slot, s.step->>'kind' AS step_kind, (s.step->>'needs_ack')::boolean AS needs_ack,
        (s.step->>'repeat_seconds')::int AS repeat_seconds, t.told, p.email
    FROM cases_casedeadline d
    JOIN cases_caseclockevent e ON e.deadline_id = d.id AND e.type = 'fired'
    JOIN bench_case c ON c.id = d.case_id
    JOIN cases_case k ON k.id = d.case_id
    JOIN deadlines_policy y ON y.id = d.policy_id
    CROSS JOIN LATERAL jsonb_array_elements(y.steps) AS s(step)
    JOIN bench_told t ON t.handler = c.handler AND t.slot = s.step->'slots'->>0
    JOIN people_staff p ON p.id = t.told
    WHERE s.step->>'code' = e.code AND d.step >= 0 AND d.case_id BETWEEN %(first)s AND %(last)s
), notice AS (
    INSERT INTO notices_notice (dedup_key, chain, kind, level, recipient_id, slot, facts, about, link, created_at,
        needs_ack, repeat_seconds, acked_at, acked_by_id, acked_via, read_at)
    SELECT concat_ws(':', 'case_deadline', id, 1, code, slot, 0), concat_ws(':', 'case_deadline', id, 1, code, slot),
        CASE kind WHEN 'emergency' THEN 'emergency_' ELSE 'clock_' END || step_kind,
        CASE WHEN kind = 'emergency' THEN 'emergency' WHEN step_kind = 'warning' THEN 'warning' ELSE 'breach' END,
        told, slot, jsonb_build_object('number', number, 'customer', customer, 'subject', fault, 'holder', '',
            'done', '', 'clock', kind, 'due', due_at, 'elapsed', ''),
        'case:' || case_id, '/cases/' || number || '/', at, needs_ack, repeat_seconds,
        CASE WHEN needs_ack THEN at + interval '1 minute' END, CASE WHEN needs_ack THEN told END,
        CASE WHEN needs_ack THEN 'screen' ELSE '' END, at + interval '1 minute'
    FROM fired ORDER BY at
    RETURNING id, dedup_key, recipient_id, created_at
)
INSERT INTO notices_delivery (notice_id, channel, target, dedup_key, message_id, state, attempts, fence,
    next_attempt_at, created_at, sent_at)
SELECT n.id, 'email', p.email, n.dedup_key || ':email', '<' || md5(n.dedup_key) || '@desk.example>', 'sent', 1, 1,
    n.created_at, n.created_at, n.created_at + interval '1 second'
FROM notice n JOIN people_staff p ON p.id = n.recipient_id
"""

CHUNK = (CASES, WORDS, PAUSES, CLOCKS, CLOCK_EVENTS, TIMELINE, AUDIT, NOTICES)

FINISH = """
SELECT setval(pg_get_serial_sequence('cases_case', 'id'), (SELECT max(id) FROM cases_case));
DROP TABLE bench_case, bench_plan, bench_moment, bench_told, bench_fault, bench_product, bench_customer;
DROP FUNCTION bench_pick;
DROP FUNCTION bench_random;
"""
