"""How the two recorded versions differ, each difference as one named fact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Like = Literal["6.1", "6.5"]


@dataclass(frozen=True, slots=True)
class Manners:
    """What a version does where the other does something else (contract, marks [6.1] and [6.5])."""

    version: Like
    has_checklists: bool
    unknown_id_is_quoted: bool
    unknown_route: str | None
    token_refused: str
    user_refused: str
    json_content_type: str
    follows_redirects: bool
    endpoint_length: int
    refuses_undefined_options: bool
    workflow_sends_assets: bool
    agents_list_groups: bool
    search_answers_rows: bool
    empty_condition_finds_all: bool
    query_and_condition_combine: bool
    query_is_literal: bool
    empty_data_reads_null: bool
    duplicate_link_refused: bool
    tag_refuses_list_characters: bool
    mail_needs_recipient: bool
    mention_is_checked: bool
    duplicate_name: str
    writes_all_rights_anew: bool
    names_replacement: bool

    def not_found(self, model: str, row_id: object) -> str:
        """The text of a 404 for an unknown id."""
        shown = f'"{row_id}"' if self.unknown_id_is_quoted else f"{row_id}"
        return f"Couldn't find {model} with 'id'={shown}"

    def no_route(self, method: str, path: str) -> str:
        """The text of a 404 for a path Zammad does not know."""
        return self.unknown_route or f"No route matches [{method}] {path}"


MANNERS: dict[str, Manners] = {
    "6.1": Manners(
        version="6.1",
        has_checklists=False,
        unknown_id_is_quoted=False,
        unknown_route=None,
        token_refused="Not authorized (token)!",
        user_refused="Not authorized (user)!",
        json_content_type="application/json",
        follows_redirects=True,
        endpoint_length=300,
        refuses_undefined_options=True,
        workflow_sends_assets=True,
        agents_list_groups=False,
        search_answers_rows=False,
        empty_condition_finds_all=False,
        query_and_condition_combine=False,
        query_is_literal=False,
        empty_data_reads_null=True,
        duplicate_link_refused=True,
        tag_refuses_list_characters=False,
        mail_needs_recipient=False,
        mention_is_checked=False,
        duplicate_name="This object already exists.",
        writes_all_rights_anew=True,
        names_replacement=False,
    ),
    "6.5": Manners(
        version="6.5",
        has_checklists=True,
        unknown_id_is_quoted=True,
        unknown_route="This page doesn't exist.",
        token_refused="Token authorization failed.",
        user_refused="User authorization failed.",
        json_content_type="application/json; charset=utf-8",
        follows_redirects=False,
        endpoint_length=2000,
        refuses_undefined_options=False,
        workflow_sends_assets=False,
        agents_list_groups=True,
        search_answers_rows=True,
        empty_condition_finds_all=True,
        query_and_condition_combine=True,
        query_is_literal=True,
        empty_data_reads_null=False,
        duplicate_link_refused=False,
        tag_refuses_list_characters=True,
        mail_needs_recipient=True,
        mention_is_checked=True,
        duplicate_name="Name has already been taken",
        writes_all_rights_anew=False,
        names_replacement=True,
    ),
}
