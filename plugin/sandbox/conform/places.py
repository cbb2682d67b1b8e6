"""Where in a body a value stands, and what kinds of ids and objects can stand there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plugin.sandbox.conform.identities import kind_of_key

KIND_BESIDE: Mapping[str, str] = {
    "o_id": "object",
    "related_o_id": "related_object",
    "deletable_id": "deletable_type",
    "sourceable_id": "sourceable_type",
    "mentionable_id": "mentionable_type",
    "id_from": "attribute",
    "id_to": "attribute",
}
"""Ids whose kind a neighbouring value names."""


UNORDERED = frozenset({"groups", "group_ids", "members", "permissions", "roles", "secondary_members", "tags", "users"})
"""Keys whose lists of names, and of a group's rights, Zammad reads without an order."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a body we are: its path, the key it stands under, the kinds of ids and of objects there."""

    path: str = ""
    key: str = ""
    ids: str | None = None
    objects: str | None = None

    def under(self, key: str, *, ids: str | None, objects: str | None) -> "Place":
        """The place one key further."""
        return Place(path=f"{self.path}.{key}" if self.path else key, key=key, ids=ids, objects=objects)

    @property
    def unordered(self) -> bool:
        """Whether a list of names here comes in whatever order the database gives."""
        return not UNORDERED.isdisjoint(self.path.split("."))

    def item(self, index: int) -> "Place":
        """The place of one item of a list."""
        return Place(path=f"{self.path}[{index}]", key=self.key, ids=self.ids, objects=self.objects)


def inner_place(key: str, around: Mapping[str, Any], place: Place) -> Place:
    """The place under a key: what kinds of ids stand there follows from the key and what is around it."""
    if place.key == "assets":
        return place.under(key, ids=None, objects=key)
    if key == "id":
        return place.under(key, ids=place.objects, objects=None)
    if key in KIND_BESIDE:
        return place.under(key, ids=_kind_beside(key, around), objects=None)
    if key in ("value", "value_from", "value_to"):
        attribute = str(around.get("name")) if "operator" in around and "name" in around else place.key
        return place.under(key, ids=_kind_of_condition(attribute), objects=None)
    if key in ("item_ids", "sorted_item_ids") and "active" in around:
        return place.under(key, ids="ChecklistTemplateItem", objects=None)
    if key == "mentions":
        return place.under(key, ids="User", objects="Mention")
    kind = kind_of_key(key.rpartition(".")[2])
    return place.under(key, ids=kind, objects=kind or (place.objects if key in ("tokens", "permissions") else None))


def _kind_beside(key: str, around: Mapping[str, Any]) -> str | None:
    named = around.get(KIND_BESIDE[key])
    if key == "o_id" and named is None:
        return "Ticket"  # notices and activities say which kind by a number only; all recorded ones are about tickets
    if key.startswith("id_"):
        if around.get("type") in ("merged_into", "received_merge"):
            return "Ticket"
        return kind_of_key(f"{named}_id") if named else None
    return str(named).replace("::", "") if named else None


def _kind_of_condition(attribute: str) -> str | None:
    name = attribute.rpartition(".")[2]
    return kind_of_key(name) if name.endswith(("_id", "_ids")) else None
