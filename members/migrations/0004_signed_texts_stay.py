from django.db import migrations, models

FORBID = """
CREATE FUNCTION members_signed_text_stays() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER members_signed_text_stays BEFORE UPDATE OR DELETE ON members_agreement
    FOR EACH ROW EXECUTE FUNCTION members_signed_text_stays();

CREATE FUNCTION members_part_of_signed_text_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM members_agreement WHERE id = OLD.agreement_id AND state <> 'draft') THEN
        RAISE EXCEPTION 'An opened text stays as it is: % is refused.', TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER members_clause_of_signed_text_stays BEFORE UPDATE OR DELETE ON members_clause
    FOR EACH ROW EXECUTE FUNCTION members_part_of_signed_text_stays();
CREATE TRIGGER members_party_of_signed_text_stays BEFORE DELETE ON members_party
    FOR EACH ROW EXECUTE FUNCTION members_part_of_signed_text_stays();
"""

ALLOW = """
DROP TRIGGER members_party_of_signed_text_stays ON members_party;
DROP TRIGGER members_clause_of_signed_text_stays ON members_clause;
DROP FUNCTION members_part_of_signed_text_stays();
DROP TRIGGER members_signed_text_stays ON members_agreement;
DROP FUNCTION members_signed_text_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0003_consent_is_append_only")]

    operations = [
        migrations.AddField(
            model_name="agreement",
            name="terminated_because",
            field=models.CharField(blank=True, editable=False, max_length=300, verbose_name="why it was terminated"),
        ),
        migrations.AddField(
            model_name="party",
            name="withdrawn_because",
            field=models.CharField(blank=True, editable=False, max_length=300, verbose_name="why it withdrew"),
        ),
        migrations.RunSQL(FORBID, ALLOW),
    ]
