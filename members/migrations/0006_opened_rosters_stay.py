from django.db import migrations

FORBID = """
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

CREATE FUNCTION members_part_joins_a_draft() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM members_agreement WHERE id = NEW.agreement_id AND state <> 'draft') THEN
        RAISE EXCEPTION 'An opened text stays as it is: % is refused.', TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER members_clause_joins_a_draft BEFORE INSERT ON members_clause
    FOR EACH ROW EXECUTE FUNCTION members_part_joins_a_draft();
CREATE TRIGGER members_party_joins_a_draft BEFORE INSERT ON members_party
    FOR EACH ROW EXECUTE FUNCTION members_part_joins_a_draft();
"""

ALLOW = """
DROP TRIGGER members_party_joins_a_draft ON members_party;
DROP TRIGGER members_clause_joins_a_draft ON members_clause;
DROP FUNCTION members_part_joins_a_draft();
CREATE OR REPLACE FUNCTION members_signed_text_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'draft' AND (
        TG_OP = 'DELETE'
        OR (OLD.text_id, OLD.kind, OLD.amends_id, OLD.title, OLD.number, OLD.valid_from, OLD.valid_until,
            OLD.prolongs_until) IS DISTINCT FROM
           (NEW.text_id, NEW.kind, NEW.amends_id, NEW.title, NEW.number, NEW.valid_from, NEW.valid_until,
            NEW.prolongs_until)
    ) THEN
        RAISE EXCEPTION 'An opened text stays as it is: % is refused.', TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0005_published_consent_texts_stay")]

    operations = [migrations.RunSQL(FORBID, ALLOW)]
