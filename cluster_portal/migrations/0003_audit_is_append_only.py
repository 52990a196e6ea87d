from django.db import migrations

FORBID = """
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit is append-only: % is refused.', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON cluster_portal_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_is_never_emptied BEFORE TRUNCATE ON cluster_portal_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
"""

ALLOW = """
DROP TRIGGER audit_is_append_only ON cluster_portal_auditentry;
DROP TRIGGER audit_is_never_emptied ON cluster_portal_auditentry;
DROP FUNCTION audit_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("cluster_portal", "0002_initial")]

    operations = [migrations.RunSQL(FORBID, ALLOW)]
