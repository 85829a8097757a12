"""What differentials make of their bases. https://hl7.org/fhir/R4/profiling.html"""

from tests.definitions.snapshot.profiles import BASE, HERE, elements, profile
from tests.structures import R4, line

URL_SLICING = {"discriminator": [{"type": "value", "path": "url"}], "ordered": False, "rules": "open"}
BY_TYPE = [{"type": "type", "path": "$this"}]
BY_SYSTEM = {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}


def test_what_is_not_stated_is_the_base_s() -> None:
    made = elements(profile("Patient", line("Patient.birthDate", min=1)))
    base = {element["id"]: element for element in BASE.snapshot(R4 + "Patient").elements}
    assert made["Patient.birthDate"] == {**base["Patient.birthDate"], "min": 1}
    assert {id: made[id] for id in made if id != "Patient.birthDate"} == {
        id: base[id] for id in base if id != "Patient.birthDate"
    }


def test_a_profile_says_what_it_derives_from_and_where_it_may_stand() -> None:
    extension = profile(
        "Extension",
        line("Extension.value[x]", type=[{"code": "code"}]),
        version="2.0.0",
        context=[{"type": "element", "expression": "Patient"}],
        contextInvariant=["active"],
    )
    registry = BASE.with_guides([extension])
    snapshot = registry.snapshot(HERE + "a|2.0.0")
    assert (snapshot.url, snapshot.version, snapshot.type) == (HERE + "a", "2.0.0", "Extension")
    assert (snapshot.base, snapshot.derivation) == (R4 + "Extension", "constraint")
    assert snapshot.contexts == ({"type": "element", "expression": "Patient"},)
    assert snapshot.context_invariants == ("active",)


def test_a_datatype_is_unfolded_where_a_line_goes_into_it() -> None:
    made = elements(profile("Patient", line("Patient.name.family", min=1)))
    assert made["Patient.name.family"]["min"] == 1
    assert made["Patient.name.family"]["base"]["path"] == "HumanName.family"
    assert [id for id in made if id.startswith("Patient.name.")] == [
        f"Patient.name.{name}"
        for name in ("id", "extension", "use", "text", "family", "given", "prefix", "suffix", "period")
    ]
    assert "Patient.contact.name.family" not in made


def test_a_primitive_is_unfolded_for_its_extensions() -> None:
    made = elements(profile("Patient", line("Patient.birthDate.extension", max="0")))
    assert made["Patient.birthDate.extension"]["max"] == "0"


def test_an_id_may_be_stated_as_hl7_s_definitions_have_it() -> None:
    system = "http://hl7.org/fhirpath/System.String"
    fhir = [{"url": f"{R4}structuredefinition-fhir-type", "valueUrl": "string"}]
    base = {element["id"]: element for element in BASE.snapshot(R4 + "Patient").elements}
    for stated in ({"code": system}, {"code": system, "extension": fhir}):
        made = elements(profile("Patient", line("Patient.id", min=1, type=[stated])))
        assert (made["Patient.id"]["min"], made["Patient.id"]["type"]) == (1, base["Patient.id"]["type"])


def test_a_content_reference_is_followed_any_number_of_times() -> None:
    made = elements(
        profile(
            "Questionnaire",
            line("Questionnaire.item.prefix", max="0"),
            line("Questionnaire.item.item.item.text", min=1),
        )
    )
    assert made["Questionnaire.item.item"]["type"] == [{"code": "BackboneElement"}]
    assert "contentReference" not in made["Questionnaire.item.item"]
    assert "que-1" in [rule["key"] for rule in made["Questionnaire.item.item"]["constraint"]]
    assert made["Questionnaire.item.item.item.text"]["min"] == 1
    assert made["Questionnaire.item.item.text"]["min"] == 0
    assert made["Questionnaire.item.item.prefix"]["max"] == "1", "it is the base's item that is referred to"
    assert made["Questionnaire.item.item.item.item"]["contentReference"] == "#Questionnaire.item"


def test_derivation_goes_any_depth() -> None:
    made = elements(
        profile("Patient", line("Patient.name", min=1), name="a"),
        profile("Patient", line("Patient.name.family", min=1), name="b", base="a"),
        profile("Patient", line("Patient.name", max="1"), name="c", base="b"),
    )
    assert (made["Patient.name"]["min"], made["Patient.name"]["max"]) == (1, "1")
    assert made["Patient.name.family"]["min"] == 1


def test_rules_add_up_and_say_where_they_come_from() -> None:
    rule = {"key": "a-1", "severity": "error", "human": "x", "expression": "name.exists()"}
    other = {**rule, "key": "b-1", "severity": "warning"}
    made = elements(
        profile("Patient", line("Patient", constraint=[rule]), name="a"),
        profile("Patient", line("Patient", constraint=[rule, other]), name="b", base="a"),
    )
    own = [
        (constraint["key"], constraint["source"])
        for constraint in made["Patient"]["constraint"]
        if "-1" in constraint["key"]
    ]
    assert own == [("a-1", HERE + "a"), ("b-1", HERE + "b")]


def test_flags_values_and_limits_are_taken_over() -> None:
    made = elements(
        profile(
            "Observation",
            line("Observation.status", mustSupport=True, fixedCode="final"),
            line("Observation.code", patternCodeableConcept={"coding": [{"code": "a"}]}),
            line("Observation.value[x]", type=[{"code": "integer"}], minValueInteger=0, maxValueInteger=27),
        )
    )
    assert made["Observation.status"]["mustSupport"] is True
    assert made["Observation.status"]["fixedCode"] == "final"
    assert made["Observation.code"]["patternCodeableConcept"] == {"coding": [{"code": "a"}]}
    assert made["Observation.value[x]"]["type"] == [{"code": "integer"}]
    assert made["Observation.value[x]"]["maxValueInteger"] == 27


def test_a_narrower_value_replaces_the_base_s() -> None:
    coding = {"system": "http://loinc.org", "code": "1-8"}
    made = elements(
        profile(
            "Observation", line("Observation.code", patternCodeableConcept={"coding": [coding]}), name="a"
        ),
        profile(
            "Observation",
            line("Observation.code", fixedCodeableConcept={"coding": [{**coding, "display": "x"}]}),
            base="a",
            name="b",
        ),
    )
    assert "patternCodeableConcept" not in made["Observation.code"]
    assert made["Observation.code"]["fixedCodeableConcept"]["coding"][0]["display"] == "x"


def test_a_binding_keeps_what_is_not_said_again() -> None:
    made = elements(profile("Patient", line("Patient.language", binding={"strength": "required"})))
    binding = made["Patient.language"]["binding"]
    assert (binding["strength"], binding["valueSet"]) == (
        "required",
        "http://hl7.org/fhir/ValueSet/languages",
    )
    assert binding["extension"][0]["valueCanonical"] == "http://hl7.org/fhir/ValueSet/all-languages"


def test_types_keep_the_targets_that_are_not_said_again() -> None:
    made = elements(
        profile("Observation", line("Observation.subject", type=[{"code": "Reference"}], min=1)),
    )
    assert len(made["Observation.subject"]["type"][0]["targetProfile"]) == 4


def test_an_abstract_type_is_narrowed_to_one_that_derives_from_it() -> None:
    made = elements(
        profile(
            "Bundle",
            line("Bundle.entry.resource", type=[{"code": "Patient"}]),
            line("Bundle.entry.resource.birthDate", min=1),
        )
    )
    assert made["Bundle.entry.resource.birthDate"]["min"] == 1


# slicing


def test_slices_follow_what_they_slice() -> None:
    made = elements(
        profile(
            "Patient",
            line("Patient.identifier", slicing=BY_SYSTEM, min=1),
            line("Patient.identifier.value", min=1),
            line("Patient.identifier:nir", max="1"),
            line("Patient.identifier:nir.system", fixedUri="urn:oid:1"),
            line("Patient.identifier:ipp", min=1),
        )
    )
    ids = [id for id in made if id.startswith("Patient.identifier") and id.count(".") == 1]
    assert ids == ["Patient.identifier", "Patient.identifier:nir", "Patient.identifier:ipp"]
    nir = made["Patient.identifier:nir"]
    assert (nir["path"], nir["sliceName"], nir["min"], nir["max"]) == ("Patient.identifier", "nir", 0, "1")
    assert "slicing" not in nir
    assert made["Patient.identifier:ipp"]["min"] == 1
    assert made["Patient.identifier:ipp.value"]["min"] == 1, "what holds for all holds for each slice"
    assert made["Patient.identifier:nir.system"]["fixedUri"] == "urn:oid:1"
    assert "fixedUri" not in made["Patient.identifier:ipp.system"]


def test_lines_without_ids_stand_in_the_slice_of_the_lines_before() -> None:
    lines = [
        line("Patient.identifier", slicing=BY_SYSTEM),
        line("Patient.identifier:nir"),
        line("Patient.identifier:nir.system", fixedUri="urn:oid:1"),
        line("Patient.identifier:nir.type.text", min=1),
        line("Patient.identifier:ipp", min=1),
        line("Patient.identifier:ipp.system", fixedUri="urn:oid:2"),
        line("Patient.name", min=1),
    ]
    bare = [{name: value for name, value in line.items() if name != "id"} for line in lines]
    assert elements(profile("Patient", *bare)) == elements(profile("Patient", *lines))


def test_a_slice_may_be_sliced_again() -> None:
    made = elements(
        profile(
            "Patient",
            line("Patient.identifier", slicing=BY_SYSTEM),
            line("Patient.identifier:ins", mustSupport=True),
            name="a",
        ),
        profile(
            "Patient",
            line("Patient.identifier:ins", slicing={**BY_SYSTEM, "rules": "closed"}),
            line("Patient.identifier:ins/nir", max="1"),
            line("Patient.identifier:ins/nir.system", fixedUri="urn:oid:1"),
            line("Patient.identifier:ins/nia", max="1"),
            name="b",
            base="a",
        ),
    )
    ids = [id for id in made if id.startswith("Patient.identifier") and id.count(".") == 1]
    assert ids == [
        "Patient.identifier",
        "Patient.identifier:ins",
        "Patient.identifier:ins/nir",
        "Patient.identifier:ins/nia",
    ]
    assert made["Patient.identifier:ins"]["slicing"]["rules"] == "closed"
    assert made["Patient.identifier:ins/nir"]["mustSupport"] is True
    assert made["Patient.identifier:ins/nir.system"]["fixedUri"] == "urn:oid:1"


def test_a_slice_need_not_be_supported_because_its_element_must() -> None:
    """As in Canada's baseline and US Core: https://hl7.org/fhir/R4/profiling.html#mustsupport"""
    made = elements(
        profile(
            "Patient",
            line("Patient.identifier", slicing=BY_SYSTEM, mustSupport=True),
            line("Patient.identifier:ins", mustSupport=False),
            line("Patient.deceased[x]", mustSupport=True),
            line("Patient.deceasedBoolean", mustSupport=False),
        )
    )
    assert made["Patient.identifier"]["mustSupport"]
    assert made["Patient.deceased[x]"]["mustSupport"]
    assert made["Patient.identifier:ins"]["mustSupport"] is False
    assert made["Patient.deceased[x]:deceasedBoolean"]["mustSupport"] is False


def test_a_slice_of_the_base_is_constrained_further() -> None:
    base = profile(
        "Patient", line("Patient.identifier", slicing=BY_SYSTEM), line("Patient.identifier:nir"), name="a"
    )
    made = elements(
        base,
        profile(
            "Patient", line("Patient.identifier:nir", min=1, sliceIsConstraining=True), base="a", name="b"
        ),
    )
    assert made["Patient.identifier:nir"]["min"] == 1
    assert "sliceIsConstraining" not in made["Patient.identifier:nir"]


def test_what_is_later_said_of_all_holds_for_the_slices_of_the_base() -> None:
    made = elements(
        profile(
            "Patient",
            line("Patient.identifier", slicing=BY_SYSTEM),
            line("Patient.identifier:nir", min=1),
            name="a",
        ),
        profile(
            "Patient",
            line("Patient.identifier", min=2, max="3"),
            line("Patient.identifier.assigner", max="0"),
            name="b",
            base="a",
        ),
    )
    assert made["Patient.identifier"]["min"] == 2
    assert made["Patient.identifier:nir"]["min"] == 1
    assert made["Patient.identifier:nir.assigner"]["max"] == "0"


def test_what_is_said_of_a_slice_holds_for_its_slices() -> None:
    base = profile(
        "Patient",
        line("Patient.identifier", slicing=BY_SYSTEM),
        line("Patient.identifier:ins", slicing=BY_SYSTEM),
        line("Patient.identifier:ins/nir", min=1),
        name="a",
    )
    derived = profile(
        "Patient",
        line("Patient.identifier:ins", mustSupport=True, max="2"),
        line("Patient.identifier:ins.value", min=1),
        name="b",
        base="a",
    )
    made = elements(base, derived)
    assert made["Patient.identifier:ins/nir"]["mustSupport"] is True
    assert made["Patient.identifier:ins/nir"]["max"] == "*"
    assert made["Patient.identifier:ins/nir.value"]["min"] == 1


def test_slices_lie_inside_slices() -> None:
    by_code = {"discriminator": [{"type": "value", "path": "code"}], "rules": "open"}
    made = elements(
        profile(
            "Observation",
            line("Observation.component", slicing=by_code),
            line("Observation.component:systolic", min=1),
            line("Observation.component:systolic.code.coding", slicing=by_code),
            line("Observation.component:systolic.code.coding:loinc", min=1),
            line("Observation.component:systolic.code.coding:loinc.code", fixedCode="8480-6"),
        )
    )
    id = "Observation.component:systolic.code.coding:loinc.code"
    assert made[id]["fixedCode"] == "8480-6"
    assert made[id]["path"] == "Observation.component.code.coding.code"
    assert "Observation.component.code.coding" not in made


# choices


def test_a_choice_is_sliced_by_type_without_being_told() -> None:
    made = elements(
        profile(
            "Observation",
            line("Observation.value[x]:valueQuantity", type=[{"code": "Quantity"}]),
            line("Observation.value[x]:valueQuantity.unit", min=1),
        )
    )
    choice = made["Observation.value[x]"]
    assert choice["slicing"]["discriminator"] == [{"type": "type", "path": "$this"}]
    assert choice["slicing"]["rules"] == "open"
    assert len(choice["type"]) == 11
    assert made["Observation.value[x]:valueQuantity"]["type"] == [{"code": "Quantity"}]
    assert made["Observation.value[x]:valueQuantity.unit"]["path"] == "Observation.value[x].unit"


def test_a_slice_with_the_name_of_a_type_is_of_that_type() -> None:
    made = elements(
        profile(
            "Observation",
            line("Observation.value[x]", slicing={**BY_SYSTEM, "discriminator": BY_TYPE}),
            {
                "id": "Observation.value[x]:valueQuantity",
                "path": "Observation.valueQuantity",
                "sliceName": "valueQuantity",
            },
            {"path": "Observation.valueQuantity.unit", "min": 1},
        )
    )
    assert made["Observation.value[x]:valueQuantity"]["type"] == [{"code": "Quantity"}]
    assert made["Observation.value[x]:valueQuantity.unit"]["min"] == 1
    assert len(made["Observation.value[x]"]["type"]) == 11


def test_a_short_path_leaves_a_choice_the_types_that_are_named() -> None:
    made = elements(
        profile(
            "Observation",
            {"path": "Observation.valueQuantity", "min": 1},
            {"path": "Observation.valueQuantity.code", "fixedCode": "kg"},
            {"path": "Observation.valueString", "max": "0"},
        )
    )
    choice = made["Observation.value[x]"]
    assert (choice["slicing"]["rules"], [type["code"] for type in choice["type"]]) == (
        "closed",
        ["Quantity", "string"],
    )
    assert made["Observation.value[x]:valueQuantity"]["min"] == 1
    assert made["Observation.value[x]:valueQuantity.code"]["fixedCode"] == "kg"
    assert made["Observation.value[x]:valueString"]["max"] == "0"


def test_a_short_path_beside_a_line_on_the_choice_says_nothing_of_other_types() -> None:
    both = [{"code": "Quantity"}, {"code": "string"}]
    short = {"path": "Observation.valueQuantity.unit", "min": 1}
    for stated, types in (({"type": both}, both), ({"min": 1}, None)):
        made = elements(profile("Observation", line("Observation.value[x]", **stated), short))
        choice = made["Observation.value[x]"]
        assert choice["slicing"]["rules"] == "open"
        assert choice["type"] == types if types else len(choice["type"]) == 11
        assert made["Observation.value[x]:valueQuantity.unit"]["min"] == 1


def test_a_short_path_may_go_straight_into_the_type() -> None:
    made = elements(profile("Observation", {"path": "Observation.valueQuantity.unit", "min": 1}))
    assert made["Observation.value[x]:valueQuantity.unit"]["min"] == 1


def test_a_short_path_means_the_slice_where_the_choice_is_sliced() -> None:
    base = profile(
        "Observation",
        line("Observation.value[x]:amount", type=[{"code": "Quantity"}]),
        name="a",
    )
    made = elements(
        base, profile("Observation", {"path": "Observation.valueQuantity.unit", "min": 1}, base="a", name="b")
    )
    assert made["Observation.value[x]:amount.unit"]["min"] == 1
    assert len(made["Observation.value[x]"]["type"]) == 11


def test_a_choice_left_one_type_is_walked_into() -> None:
    made = elements(
        profile(
            "Observation",
            line("Observation.value[x]", type=[{"code": "CodeableConcept"}]),
            line("Observation.value[x].coding", min=1),
        )
    )
    assert made["Observation.value[x].coding"]["min"] == 1


# extensions


def test_an_extension_slice_needs_no_slicing() -> None:
    made = elements(
        profile(
            "Patient",
            line(
                "Patient.extension:place",
                type=[{"code": "Extension", "profile": [R4 + "patient-birthPlace"]}],
            ),
        )
    )
    assert made["Patient.extension"]["slicing"] == URL_SLICING
    assert made["Patient.extension:place"]["max"] == "1", "its own definition lets it occur once"


def test_what_an_extension_says_of_itself_holds_where_it_is_walked_into() -> None:
    made = elements(
        profile(
            "Patient",
            line(
                "Patient.extension:place",
                type=[{"code": "Extension", "profile": [R4 + "patient-birthPlace"]}],
            ),
            line("Patient.extension:place.value[x].city", min=1),
        )
    )
    assert made["Patient.extension:place.url"]["fixedUri"] == R4 + "patient-birthPlace"
    assert made["Patient.extension:place.value[x]"]["type"] == [{"code": "Address"}]
    assert made["Patient.extension:place.value[x].city"]["min"] == 1


def test_an_extension_has_extensions_inside() -> None:
    made = elements(
        profile(
            "Extension",
            line("Extension.extension:start", min=1, max="1"),
            line("Extension.extension:start.url", fixedUri="start"),
            line("Extension.extension:start.value[x]", type=[{"code": "date"}]),
            line("Extension.value[x]", max="0"),
        )
    )
    assert made["Extension.extension"]["slicing"] == URL_SLICING
    assert made["Extension.extension:start.url"]["fixedUri"] == "start"
    assert made["Extension.extension:start.value[x]"]["type"] == [{"code": "date"}]
    assert len(made["Extension.value[x]"]["type"]) == 50


def test_a_type_s_profile_holds_where_it_is_walked_into() -> None:
    made = elements(
        profile("Observation", line("Observation.referenceRange.low.unit", min=1)),
    )
    assert made["Observation.referenceRange.low.comparator"]["max"] == "0"
    assert "sqty-1" in [rule["key"] for rule in made["Observation.referenceRange.low"]["constraint"]]


def test_a_snapshot_that_is_brought_along_is_used_as_it_is() -> None:
    given = [
        {"id": "Patient", "path": "Patient", "min": 0, "max": "*"},
        {"id": "Patient.name", "path": "Patient.name", "min": 1, "max": "1", "type": [{"code": "HumanName"}]},
    ]
    base = profile("Patient", name="a", snapshot={"element": given})
    assert list(elements(base).values()) == given
    made = elements(base, profile("Patient", line("Patient.name.family", min=1), base="a", name="b"))
    assert made["Patient.name.family"]["min"] == 1
    assert "Patient.gender" not in made
