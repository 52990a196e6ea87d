from django.db import migrations

FORBID = """
CREATE FUNCTION consent_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Consent decisions are append-only: % is refused.', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER consent_is_append_only BEFORE UPDATE OR DELETE ON members_consentdecision
    FOR EACH STATEMENT EXECUTE FUNCTION consent_is_append_only();
CREATE TRIGGER consent_is_never_emptied BEFORE TRUNCATE ON members_consentdecision
    FOR EACH STATEMENT EXECUTE FUNCTION consent_is_append_only();
"""

ALLOW = """
DROP TRIGGER consent_is_append_only ON members_consentdecision;
DROP TRIGGER consent_is_never_emptied ON members_consentdecision;
DROP FUNCTION consent_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0002_members_complete")]

    operations = [migrations.RunSQL(FORBID, ALLOW)]
