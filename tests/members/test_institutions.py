"""An institution's own page: what it says, its logo and links, who answers, who may change what; regions and themes."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from cluster_portal.models import AuditEntry, Upload
from cluster_portal.moves import Refused
from members import actions
from members.few_people import FEWEST_PEOPLE
from members.forms.institutions import SeveralForm
from members.models import Coordinator, Direction, Initiative, Institution, Region
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(demo):
    def sign_in(person):
        client = Client()
        client.force_login(person)
        return client

    return sign_in


def picture(image_format="PNG"):
    out = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(out, image_format)
    return SimpleUploadedFile("logo.png", out.getvalue(), "image/png")


def page_of(client, it):
    return client.get(it.get_absolute_url())


def edit(it):
    return reverse("members:desk_edit_institution", args=[it.slug])


OWN = {"short_name": "S1", "website": "https://school.example", "about": "We teach."}


@pytest.mark.parametrize("who", ["contact", "head"])
def test_heads_and_contacts_change_what_their_institution_says_and_nothing_else(cast, signed_in, who):
    person = cast.contact
    if who == "head":
        person = make.AffiliationFactory(institution=cast.school, role="head").person
    theme = Direction.objects.create(name="Robotics", slug="robotics")
    more = {"name": "Grabbed", "kind": "company", "directions": [theme.pk]}
    response = signed_in(person).post(edit(cast.school), OWN | more)
    assert response.status_code == 302
    it = Institution.objects.get(pk=cast.school.pk)
    assert (it.short_name, it.website, it.about, list(it.directions.all())) == (*OWN.values(), [theme])
    assert (it.name, it.kind, it.region) == ("School 1", "school", None)


def test_the_coordinator_changes_all_of_it(cast, signed_in):
    region = make.RegionFactory()
    facts = {"name": "Lyceum 1", "kind": "college", "region": region.pk}
    assert signed_in(cast.coordinator).post(edit(cast.school), OWN | facts).status_code == 302
    it = Institution.objects.get(pk=cast.school.pk)
    assert (it.name, it.kind, it.region, it.slug) == ("Lyceum 1", "college", region, cast.school.slug)
    entry = AuditEntry.objects.filter(verb="members.institution.change").first()
    assert (entry.actor, entry.values) == (cast.coordinator.public_id, {"kind": "college"})


def test_a_regional_coordinator_cannot_move_an_institution_out_of_their_region(cast, signed_in):
    north, south = make.RegionFactory(), make.RegionFactory()
    it = make.InstitutionFactory(region=north)
    regional = make.CoordinatorFactory(region=north).person
    facts = OWN | {"name": it.name, "kind": it.kind, "region": south.pk}
    response = signed_in(regional).post(edit(it), facts)
    assert list(response.context["form"].errors) == ["region"]
    assert Institution.objects.get(pk=it.pk).region == north


def test_a_head_who_coordinates_another_region_cannot_move_their_institution_there(cast, signed_in):
    role = make.CoordinatorFactory(region=make.RegionFactory(), person=cast.contact)
    response = signed_in(cast.contact).post(edit(cast.school), OWN | {"region": role.region_id, "name": "x"})
    assert response.status_code == 302
    assert Institution.objects.get(pk=cast.school.pk).region is None


def test_bad_input_is_said_at_its_field_and_changes_nothing(cast, signed_in):
    response = signed_in(cast.contact).post(edit(cast.school), OWN | {"website": "javascript:alert(1)"})
    assert list(response.context["form"].errors) == ["website"]
    assert Institution.objects.get(pk=cast.school.pk).website == ""


def test_the_page_is_edited_from_the_page_by_those_who_may(cast, signed_in):
    links = {
        name: edit(cast.school) in page_of(signed_in(getattr(cast, name)), cast.school).content.decode()
        for name in ("coordinator", "contact", "teacher", "outsider")
    }
    assert links == {"coordinator": True, "contact": True, "teacher": False, "outsider": False}


# The logo


def logo_url(it):
    return reverse("members:desk_change_logo", args=[it.slug])


def show_logo(client, it):
    return client.post(logo_url(it), {"logo": picture()})


def test_everybody_sees_the_logo_inline_as_nothing_but_a_picture(cast, signed_in, client):
    assert show_logo(signed_in(cast.contact), cast.school).status_code == 302
    cast.school.refresh_from_db()
    address = reverse("members:institution_logo", args=[cast.school.slug])
    response = client.get(address)
    shown = Image.open(io.BytesIO(b"".join(response.streaming_content)))
    assert (shown.size, response["Content-Type"], response["Content-Disposition"]) == ((40, 20), "image/png", "inline")
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "no-cache"
    versioned = f"{address}?v={cast.school.logo.public_id}"
    assert f'src="{versioned}"' in page_of(client, cast.school).content.decode()
    response = client.get(versioned)
    assert (b"".join(response.streaming_content)[1:4], "immutable" in response["Cache-Control"]) == (b"PNG", True)


def test_without_a_logo_there_is_none(cast, client):
    assert client.get(reverse("members:institution_logo", args=[cast.school.slug])).status_code == 404


def test_a_new_logo_takes_the_place_of_the_old_one_and_a_removed_one_is_gone(
    cast, signed_in, client, django_capture_on_commit_callbacks
):
    contact = signed_in(cast.contact)
    show_logo(contact, cast.school)
    first = Upload.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        show_logo(contact, cast.school)
    assert not first.file.storage.exists(first.file.name)
    with django_capture_on_commit_callbacks(execute=True):
        contact.post(logo_url(cast.school), {"remove": "yes"})
    assert not Upload.objects.exists()
    assert client.get(reverse("members:institution_logo", args=[cast.school.slug])).status_code == 404


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"We agree.", "A logo is a picture. Save it as PNG, JPEG or WebP, then try again."),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "A logo is a picture."),
        (b"MZ\x90\x00" + b"\x00" * 64, "We take PDF"),
    ],
)
def test_what_is_no_picture_is_no_logo(cast, signed_in, content, sentence):
    file = SimpleUploadedFile("logo.png", content, "image/png")
    response = signed_in(cast.contact).post(logo_url(cast.school), {"logo": file})
    (said,) = response.context["logo_form"].errors["logo"]
    assert said.startswith(sentence)
    assert not Upload.objects.exists()


# Links


def add_link(client, it, title="Laboratory", url="https://lab.example/"):
    return client.post(reverse("members:desk_add_link", args=[it.slug]), {"title": title, "url": url})


def test_links_are_added_shown_and_removed(cast, signed_in, client):
    contact = signed_in(cast.contact)
    add_link(contact, cast.school)
    link = cast.school.links.get()
    shown = '<a href="https://lab.example/" rel="noreferrer nofollow">Laboratory</a>'
    assert shown in page_of(client, cast.school).content.decode()
    contact.post(reverse("members:desk_remove_link", args=[cast.school.slug]), {"link": link.pk})
    assert shown not in page_of(client, cast.school).content.decode()


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "", "not an address"])
def test_an_address_that_is_none_is_refused_at_its_field(cast, signed_in, url):
    response = add_link(signed_in(cast.contact), cast.school, url=url)
    assert list(response.context["link_form"].errors) == ["url"]


def test_a_thirteenth_link_is_told_what_helps(cast):
    for number in range(12):
        actions.add_link(cast.school, f"Link {number}", "https://a.example", by=cast.contact)
    with pytest.raises(Refused, match="12 links already"):
        actions.add_link(cast.school, "One more", "https://a.example", by=cast.contact)


@pytest.mark.parametrize("link", ["", "x", "0", "9" * 30])
def test_a_link_that_is_not_there_is_not_found(cast, signed_in, link):
    url = reverse("members:desk_remove_link", args=[cast.school.slug])
    assert signed_in(cast.contact).post(url, {"link": link}).status_code == 404


def test_the_link_of_another_institution_is_not_removed_through_ones_own(cast, signed_in):
    foreign = actions.add_link(make.InstitutionFactory(), "Theirs", "https://a.example", by=cast.coordinator)
    url = reverse("members:desk_remove_link", args=[cast.school.slug])
    assert signed_in(cast.contact).post(url, {"link": foreign.pk}).status_code == 404
    foreign.refresh_from_db()


# Who answers for it (decision 049), what it offers and takes part in (decision 048)


def test_who_answers_is_named_to_people_of_the_cluster_only(cast, signed_in):
    asked = make.AffiliationFactory(institution=cast.school, state="asked").person
    clients = {name: signed_in(getattr(cast, name)) for name in ("coordinator", "teacher", "outsider")}
    clients |= {"public": Client(), "asked": signed_in(asked)}
    name, address = cast.contact.full_name, cast.contact.email
    texts = {who: page_of(client, cast.school).content.decode() for who, client in clients.items()}
    named = {who: name in text for who, text in texts.items()}
    assert named == {"coordinator": True, "teacher": True, "outsider": False, "public": False, "asked": False}
    assert [who for who, text in texts.items() if address in text] == []
    assert [who for who, text in texts.items() if cast.colleague.full_name in text] == []


def sections(client, it):
    return {str(part.title): [row[0] for row in part.rows] for part in page_of(client, it).context["parts"]}


def test_what_it_offers_is_shown_and_drafts_are_not(cast, client):
    for state, title in (("published", "Open"), ("draft", "Secret draft"), ("cancelled", "Called off")):
        make.SessionFactory(run=make.RunFactory(host=cast.school, state=state, course__title=title))
    assert sections(client, cast.school) == {"What it offers": ["Open"]}


def test_what_its_people_take_part_in_is_said_from_three_people_on(cast, client):
    assert FEWEST_PEOPLE == 3
    run = make.RunFactory(course__title="Far course", host=make.InstitutionFactory())
    make.SessionFactory(run=run)
    for count in (2, 1):
        assert sections(client, cast.school) == {}
        for affiliation in make.AffiliationFactory.create_batch(count, institution=cast.school):
            make.EnrolmentFactory(run=run, person=affiliation.person, affiliation=affiliation)
    assert sections(client, cast.school) == {"What its people take part in": ["Far course"]}


def test_initiatives_it_leads_or_joins_are_shown_and_drafts_are_not(cast, client):
    for title, state, responsible in (
        ("Led", "published", cast.school),
        ("Joined", "published", make.InstitutionFactory()),
        ("Draft", "draft", cast.school),
        ("Foreign", "published", make.InstitutionFactory()),
    ):
        it = Initiative.objects.create(title=title, state=state, responsible=responsible, starts_on="2026-01-01")
        if title == "Joined":
            it.participants.add(cast.school)
    assert sections(client, cast.school) == {"Initiatives": ["Led", "Joined"]}


# Several at once


def test_several_are_entered_at_once_and_those_that_are_there_are_left_alone(cast):
    made = actions.enter_institutions(["School 2", "SCHOOL 1", "Ёлка", "елка"], "school", None, by=cast.coordinator)
    assert [it.name for it in made] == ["School 2", "Ёлка"]
    assert Institution.objects.count() == 3


def test_more_than_five_hundred_at_once_are_refused(cast):
    with pytest.raises(Refused, match="more than 500 lines"):
        actions.enter_institutions([f"School {n}" for n in range(501)], "school", None, by=cast.coordinator)


# Regions, coordinators, themes

REGIONS, THEMES = "/desk/regions/", "/desk/themes/"


def test_regions_are_added_and_renamed_and_keep_their_address(cast, signed_in):
    coordinator = signed_in(cast.coordinator)
    coordinator.post(REGIONS, {"name": "Республика Коми"})
    it = Region.objects.get()
    coordinator.post(f"{REGIONS}{it.slug}/", {"name": "Коми"})
    assert [(it.name, it.slug)] == [("Республика Коми", Region.objects.get().slug)]
    assert Region.objects.get().name == "Коми"
    assert list(AuditEntry.objects.values_list("verb", "object_id")) == [
        ("members.region.rename", str(it.pk)),
        ("members.region.add", str(it.pk)),
    ]


@pytest.mark.parametrize(("address", "model"), [(REGIONS, Region), (THEMES, Direction)])
def test_the_same_name_in_other_letters_is_refused_beside_the_field(cast, signed_in, address, model):
    model.objects.create(name="Лёд", slug="led")
    response = signed_in(cast.coordinator).post(address, {"name": "ЛЕД"})
    form = response.context["form" if address == THEMES else "region_form"]
    assert form.errors["name"][0].endswith("of this name already. Choose another name.")
    assert model.objects.count() == 1


def test_names_that_are_written_alike_in_latin_get_addresses_of_their_own(cast):
    for name in ("Лиса", "Lisa", "LISA!"):
        actions.keep_direction(Direction(name=name), by=cast.coordinator)
    assert list(Direction.objects.order_by("pk").values_list("slug", flat=True)) == ["lisa", "lisa-2", "lisa-3"]


def test_a_theme_is_renamed_and_its_institutions_keep_it(cast, signed_in):
    it = Direction.objects.create(name="Robots", slug="robots")
    cast.school.directions.add(it)
    signed_in(cast.coordinator).post(f"{THEMES}robots/", {"name": "Robotics"})
    assert [theme.name for theme in cast.school.directions.all()] == ["Robotics"]


def appoint(client, **facts):
    return client.post("/desk/coordinators/appoint/", facts)


def end(client, role):
    facts = {"region": role.region.slug} if role.region else {}
    return client.post(f"/desk/coordinators/{role.person.public_id}/end/", facts)


def test_a_regional_coordinator_is_appointed_acts_and_ends(cast, signed_in):
    region, coordinator = make.RegionFactory(), signed_in(cast.coordinator)
    appoint(coordinator, email=cast.teacher.email.upper(), part=region.slug)
    role = Coordinator.objects.get(region=region)
    regional = signed_in(cast.teacher)
    assert regional.get("/desk/institutions/new/").status_code == 200
    end(coordinator, role)
    assert regional.get("/desk/institutions/new/").status_code == 403
    assert list(AuditEntry.objects.filter(verb__startswith="members.coordinator.").values_list("verb", flat=True)) == [
        "members.coordinator.end",
        "members.coordinator.appoint",
    ]


def test_nobody_who_cannot_sign_in_is_appointed(cast, signed_in):
    response = appoint(signed_in(cast.coordinator), email="nobody@example.org", part="-")
    assert response.context["appoint_form"].errors["email"] == [
        "Nobody signs in with this e-mail address. Invite them into their institution first."
    ]


@pytest.mark.parametrize("part", ["", "no-such-region"])
def test_nobody_is_appointed_to_what_was_not_chosen(cast, signed_in, part):
    response = appoint(signed_in(cast.coordinator), email=cast.teacher.email, part=part)
    assert list(response.context["appoint_form"].errors) == ["part"]
    assert not cast.teacher.coordinating.exists()


def test_the_same_role_is_not_given_twice(cast):
    with pytest.raises(Refused, match="coordinates that already"):
        actions.appoint_coordinator(cast.coordinator.email, None, by=cast.coordinator)


def test_the_last_coordinator_of_the_cluster_cannot_end(cast, signed_in):
    make.CoordinatorFactory(region=make.RegionFactory())
    make.CoordinatorFactory(person__suspended_at="2026-01-01T00:00Z")
    response = end(signed_in(cast.coordinator), cast.coordinator.coordinating.get())
    assert response.status_code == 302
    with pytest.raises(Refused, match="Nobody else coordinates the whole cluster"):
        actions.end_coordinator(cast.coordinator.coordinating.get(), by=cast.coordinator)
    assert cast.coordinator.coordinating.now().count() == 1


def test_a_role_ends_once(cast):
    role = make.CoordinatorFactory(region=make.RegionFactory())
    actions.end_coordinator(role, by=cast.coordinator)
    with pytest.raises(Refused, match="has ended already"):
        actions.end_coordinator(role, by=cast.coordinator)


@pytest.mark.django_db(transaction=True)
def test_the_last_two_coordinators_cannot_end_each_other_at_once(together):
    first, second = make.CoordinatorFactory.create_batch(2)
    results = together(
        lambda: actions.end_coordinator(first, by=second.person),
        lambda: actions.end_coordinator(second, by=first.person),
    )
    assert sorted(results) == ["done", "refused"]
    assert Coordinator.objects.now().count() == 1


@pytest.mark.parametrize("address", [REGIONS, THEMES])
@pytest.mark.parametrize("count", [1, 3])
def test_lists_of_regions_and_themes_cost_the_same(cast, signed_in, django_assert_num_queries, address, count):
    for _ in range(count):
        make.CoordinatorFactory(region=make.RegionFactory())
        theme = Direction.objects.create(name=f"Theme {_}", slug=f"theme-{_}")
        cast.school.directions.add(theme)
    client = signed_in(cast.coordinator)
    client.get(address)
    with django_assert_num_queries(6 if address == REGIONS else 3):
        assert client.get(address).status_code == 200


def test_a_line_that_is_longer_than_a_name_may_be_is_asked_about():
    longest = Institution._meta.get_field("name").max_length
    form = SeveralForm({"kind": "school", "names": f"School 1\n{'x' * (longest + 1)}"})
    assert form.errors["names"] == [f"“{'x' * 40}…” is longer than {longest} characters. Is it one name?"]
    assert "names" not in SeveralForm({"kind": "school", "names": "x" * longest}).errors
