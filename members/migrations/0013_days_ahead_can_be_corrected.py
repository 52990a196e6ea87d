"""An end that is announced for a later day gets another day: until it comes, nothing has counted by it.

The database reads its own day, which the cluster's zone may be one behind.
"""

from django.db import migrations

IS_AHEAD = """
            AND NOT (OLD.state = 'terminated' AND NEW.state = 'terminated' AND NEW.terminated_on IS NOT NULL
                     AND OLD.terminated_on >= current_date AND NEW.terminated_on >= current_date - 1)"""
LEAVES_LATER = """
            AND NOT coalesce(OLD.withdrawn_on >= current_date AND NEW.withdrawn_on >= current_date - 1, false)"""


def guards(is_ahead: str, leaves_later: str) -> str:
    return f"""
CREATE OR REPLACE FUNCTION members_signed_text_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_its_life CONSTANT text[] := ARRAY['state', 'state_since', 'concluded_on', 'terminated_on', 'terminated_because',
                                         'prolonged_until'];
BEGIN
    IF OLD.state <> 'draft' AND (
        TG_OP = 'DELETE'
        OR (to_jsonb(OLD) - of_its_life) IS DISTINCT FROM (to_jsonb(NEW) - of_its_life)
        OR (OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN
            (('open', 'concluded'), ('open', 'withdrawn'), ('concluded', 'terminated')))
        OR (OLD.state = NEW.state AND OLD.concluded_on IS DISTINCT FROM NEW.concluded_on)
        OR (OLD.concluded_on IS NOT NULL AND OLD.concluded_on IS DISTINCT FROM NEW.concluded_on)
        OR ((OLD.terminated_on, OLD.terminated_because) IS DISTINCT FROM (NEW.terminated_on, NEW.terminated_because)
            AND NOT (OLD.state = 'concluded' AND NEW.state = 'terminated'){is_ahead})
        OR (OLD.prolonged_until IS DISTINCT FROM NEW.prolonged_until AND NOT (
            OLD.state = 'concluded'
            AND coalesce(NEW.prolonged_until > greatest(OLD.prolonged_until, OLD.valid_until), false)
            AND EXISTS (SELECT 1 FROM members_agreement AS renewal WHERE renewal.amends_id = OLD.id
                        AND renewal.state = 'concluded' AND renewal.prolongs_until = NEW.prolonged_until)))
    ) THEN
        RAISE EXCEPTION 'An opened text stays as it is: % is refused.', TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE OR REPLACE FUNCTION members_signature_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    signature CONSTANT text[] := ARRAY['signed_on', 'signatory', 'how', 'signed_at', 'signed_sha256', 'scan_id'];
    leaving CONSTANT text[] := ARRAY['withdrawn_on', 'withdrawn_because'];
    party CONSTANT text[] := signature || leaving || ARRAY['signed_by_id'];
    signs boolean := (to_jsonb(OLD) - leaving) IS DISTINCT FROM (to_jsonb(NEW) - leaving);
    waits boolean := OLD.signed_on IS NULL AND NEW.signed_on IS NOT NULL
        AND EXISTS (SELECT 1 FROM members_agreement WHERE id = OLD.agreement_id AND state = 'open');
    passes_to_another boolean := OLD.signed_by_id IS NOT NULL AND NEW.signed_by_id IS NOT NULL
        AND (to_jsonb(OLD) - leaving - 'signed_by_id') IS NOT DISTINCT FROM (to_jsonb(NEW) - leaving - 'signed_by_id');
    leaves boolean := (OLD.withdrawn_on, OLD.withdrawn_because) IS DISTINCT FROM
                      (NEW.withdrawn_on, NEW.withdrawn_because);
BEGIN
    IF EXISTS (SELECT 1 FROM members_agreement WHERE id IN (OLD.agreement_id, NEW.agreement_id) AND state <> 'draft')
        AND (
            (to_jsonb(OLD) - party) IS DISTINCT FROM (to_jsonb(NEW) - party)
            OR (signs AND NOT waits AND NOT passes_to_another)
            OR (leaves AND (OLD.withdrawn_on IS NOT NULL OR NEW.withdrawn_on IS NULL){leaves_later})
        )
    THEN
        RAISE EXCEPTION 'An opened text stays as it is: % is refused.', TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0012_addenda_end_with_what_they_amend")]

    operations = [migrations.RunSQL(guards(IS_AHEAD, LEAVES_LATER), guards("", ""))]
