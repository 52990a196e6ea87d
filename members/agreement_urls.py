from django.urls import path

from members.desk import agreements as desk
from members.desk import signing
from members.views import agreements

HERE = "desk/agreements/<id:public_id>"
PARTY = f"{HERE}/parties/<slug:slug>"
urlpatterns = [
    path("agreements/", agreements.agreements, name="agreements"),
    path("agreements/<id:public_id>/", agreements.agreement, name="agreement"),
    path("agreements/<id:public_id>/sign/", agreements.sign, name="sign"),
    path("desk/agreements/", desk.agreements, name="desk_agreements"),
    path("desk/agreements/new/", desk.new_agreement, name="desk_new_agreement"),
    path(f"{HERE}/", desk.agreement, name="desk_agreement"),
    path(f"{HERE}/act/", desk.act_on_agreement, name="act_on_agreement"),
    path(f"{HERE}/edit/", desk.edit_agreement, name="desk_edit_agreement"),
    path(f"{HERE}/text/", desk.text, name="desk_agreement_text"),
    path(f"{HERE}/clauses/new/", desk.new_clause, name="desk_new_clause"),
    path(f"{HERE}/clauses/<str:number>/", desk.edit_clause, name="desk_edit_clause"),
    path(f"{HERE}/parties/", desk.parties, name="desk_parties"),
    path(f"{PARTY}/remove/", desk.remove_party, name="desk_remove_party"),
    path(f"{PARTY}/signature/", signing.paper_signature, name="desk_paper_signature"),
    path(f"{PARTY}/withdraw/", signing.withdraw_party, name="desk_withdraw_party"),
    path(f"{PARTY}/roll/", signing.coverage, name="desk_coverage"),
    path(f"{PARTY}/roll/<slug:covered>/", signing.end_coverage, name="desk_end_coverage"),
    path(f"{HERE}/remind/", signing.remind, name="desk_remind"),
    path(f"{HERE}/signing-sheet.pdf", signing.signing_sheet, name="desk_signing_sheet"),
    path(f"{HERE}/terminate/", desk.terminate, name="desk_terminate"),
    path(f"{HERE}/accession/", signing.accession, name="desk_accession"),
    path(f"{HERE}/renew/", signing.renew, name="desk_renew"),
]
