from django.db import migrations

FORBID = """
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
            AND NOT (OLD.state = 'concluded' AND NEW.state = 'terminated'))
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

CREATE OR REPLACE FUNCTION members_part_of_signed_text_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM members_agreement WHERE state <> 'draft'
               AND id IN (OLD.agreement_id, CASE TG_OP WHEN 'UPDATE' THEN NEW.agreement_id END)) THEN
        RAISE EXCEPTION 'An opened text stays as it is: % is refused.', TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION members_signature_stays() RETURNS trigger LANGUAGE plpgsql AS $$
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
            OR (leaves AND (OLD.withdrawn_on IS NOT NULL OR NEW.withdrawn_on IS NULL))
        )
    THEN
        RAISE EXCEPTION 'An opened text stays as it is: % is refused.', TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER members_signature_stays BEFORE UPDATE ON members_party
    FOR EACH ROW EXECUTE FUNCTION members_signature_stays();

CREATE FUNCTION members_signatory_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM members_person WHERE id = OLD.signed_by_id AND merged_into_id = NEW.signed_by_id) THEN
        RAISE EXCEPTION 'Who signed an agreement stays: % is refused.', TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER members_signatory_stays AFTER UPDATE ON members_party DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.signed_by_id IS NOT NULL AND OLD.signed_by_id IS DISTINCT FROM NEW.signed_by_id)
    EXECUTE FUNCTION members_signatory_stays();

CREATE FUNCTION members_roll_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM members_agreement JOIN members_party ON members_party.agreement_id = members_agreement.id
        WHERE members_party.id IN (OLD.party_id, CASE TG_OP WHEN 'UPDATE' THEN NEW.party_id END)
        AND CASE TG_OP
            WHEN 'DELETE' THEN state NOT IN ('draft', 'open')
            ELSE state <> 'draft' AND (
                (to_jsonb(OLD) - 'until') IS DISTINCT FROM (to_jsonb(NEW) - 'until')
                OR state IN ('withdrawn', 'terminated')
                OR coalesce(NEW.until > OLD.until, NEW.until IS NULL AND OLD.until IS NOT NULL))
            END
    ) THEN
        RAISE EXCEPTION 'A roll that counts stays as it is: % is refused.', TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER members_roll_stays BEFORE UPDATE OR DELETE ON members_coverage
    FOR EACH ROW EXECUTE FUNCTION members_roll_stays();

CREATE FUNCTION members_roll_joins_what_lives() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM members_agreement JOIN members_party ON members_party.agreement_id = members_agreement.id
        WHERE members_party.id = NEW.party_id AND state IN ('withdrawn', 'terminated')
    ) THEN
        RAISE EXCEPTION 'What has ended covers nobody more: % is refused.', TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER members_roll_joins_what_lives BEFORE INSERT ON members_coverage
    FOR EACH ROW EXECUTE FUNCTION members_roll_joins_what_lives();

CREATE FUNCTION members_file_of_signed_text_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(OLD) - 'uploaded_by_id') IS DISTINCT FROM (to_jsonb(NEW) - 'uploaded_by_id') AND (
        EXISTS (SELECT 1 FROM members_agreement WHERE text_id = OLD.id AND state <> 'draft')
        OR EXISTS (SELECT 1 FROM members_party WHERE scan_id = OLD.id)
    ) THEN
        RAISE EXCEPTION 'The file of an opened text stays as it is: % is refused.', TG_OP
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER members_file_of_signed_text_stays BEFORE UPDATE ON cluster_portal_upload
    FOR EACH ROW EXECUTE FUNCTION members_file_of_signed_text_stays();
"""

ALLOW = """
DROP TRIGGER members_file_of_signed_text_stays ON cluster_portal_upload;
DROP FUNCTION members_file_of_signed_text_stays();
DROP TRIGGER members_roll_joins_what_lives ON members_coverage;
DROP FUNCTION members_roll_joins_what_lives();
DROP TRIGGER members_roll_stays ON members_coverage;
DROP FUNCTION members_roll_stays();
DROP TRIGGER members_signatory_stays ON members_party;
DROP FUNCTION members_signatory_stays();
DROP TRIGGER members_signature_stays ON members_party;
DROP FUNCTION members_signature_stays();
CREATE OR REPLACE FUNCTION members_part_of_signed_text_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM members_agreement WHERE id = OLD.agreement_id AND state <> 'draft') THEN
        RAISE EXCEPTION 'An opened text stays as it is: % is refused.', TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE OR REPLACE FUNCTION members_signed_text_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'draft' AND (
        TG_OP = 'DELETE'
        OR NEW.state = 'draft'
        OR (OLD.text_id, OLD.kind, OLD.amends_id, OLD.title, OLD.number, OLD.place, OLD.occasion, OLD.valid_from,
            OLD.valid_until, OLD.prolongs_until) IS DISTINCT FROM
           (NEW.text_id, NEW.kind, NEW.amends_id, NEW.title, NEW.number, NEW.place, NEW.occasion, NEW.valid_from,
            NEW.valid_until, NEW.prolongs_until)
    ) THEN
        RAISE EXCEPTION 'An opened text stays as it is: % is refused.', TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0007_devices")]

    operations = [migrations.RunSQL(FORBID, ALLOW)]
