from django.db import migrations

FORBID = """
CREATE FUNCTION consent_text_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NOT NULL AND (
        TG_OP = 'DELETE'
        OR OLD.replaced_at IS NOT NULL
        OR (to_jsonb(OLD) - 'replaced_at') IS DISTINCT FROM (to_jsonb(NEW) - 'replaced_at')
    ) THEN
        RAISE EXCEPTION 'A published consent text is never changed: % is refused.', TG_OP
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER consent_text_stays BEFORE UPDATE OR DELETE ON members_consenttext
    FOR EACH ROW EXECUTE FUNCTION consent_text_stays();
"""

ALLOW = """
DROP TRIGGER consent_text_stays ON members_consenttext;
DROP FUNCTION consent_text_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0004_signed_texts_stay")]

    operations = [migrations.RunSQL(FORBID, ALLOW)]
