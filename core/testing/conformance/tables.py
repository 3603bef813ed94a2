"""Tables and mapped classes: whose they are, and that no row can slip into another organisation."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import isfunction
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, Table, UniqueConstraint
from sqlalchemy.orm import Mapper

from parlour.plugin import mapping
from parlour.plugin.registry import Loaded, Plugins
from parlour.testing.conformance.subject import Subject


class TableChecks(Subject):
    """The plugin's tables carry its name and its organisation, and its classes leave those of others alone."""

    def test_its_tables_carry_its_name(self, loaded: Loaded) -> None:
        wrong = [table.name for table in self.tables(loaded) if not table.name.startswith(f"{self.plugin}_")]
        assert not wrong, f"table names begin with {self.plugin}_: {wrong}"
        strays = [table.name for table in self.tables(loaded) if table not in mapping.tables(self.plugin)]
        assert not strays, f"tables say in their info whose they are, by record_base or scoped_base: {strays}"

    def test_its_records_carry_its_name(self, loaded: Loaded) -> None:
        assert not [record.name for record in self.records() if not record.name.startswith(f"{self.plugin}.")]

    def test_its_rows_belong_to_an_organisation(self, loaded: Loaded) -> None:
        for table in self.tables(loaded):
            assert table.info.get("scoped"), (
                f"{table.name} has no organisation; declare it on record_base or scoped_base"
            )
            assert not table.c.organisation_id.nullable, table.name

    def test_what_is_unique_is_unique_within_an_organisation(self, loaded: Loaded) -> None:
        for table in self.tables(loaded):
            for name, columns in _unique_keys(table):
                assert columns[0] == "organisation_id", (
                    f"{name} on {table.name} would tell one salon what another one has: begin it with organisation_id"
                )

    def test_its_links_stay_within_an_organisation(self, loaded: Loaded) -> None:
        for table in self.tables(loaded):
            for key in table.constraints:
                if isinstance(key, ForeignKeyConstraint) and key.referred_table.info.get("scoped"):
                    assert "organisation_id" in key.column_keys, (
                        f"{key.name} on {table.name} could point at a row of another organisation: "
                        "refer to (organisation_id, id)"
                    )

    def test_its_bases_are_its_own(self, loaded: Loaded) -> None:
        for mapper in self.mappers(loaded):
            module = mapper.class_.__module__
            assert module.startswith(loaded.package), (
                f"{module} maps {mapper.class_.__name__} on the plugin's base"
            )

    def test_its_relationships_point_one_way_by_class(self, loaded: Loaded) -> None:
        for mapper in self.mappers(loaded):
            for relationship in mapper.relationships:
                assert relationship.backref is None, (
                    f"{relationship} sets an attribute on somebody else's class"
                )
                assert not isinstance(relationship.argument, str), f"{relationship} names a class by a string"

    def test_it_leaves_the_classes_of_others_alone(self, loaded: Loaded, plugins: Plugins) -> None:
        packages = {name: item.package for name, item in plugins.loaded.items() if name != self.plugin}
        for owner, package in {"core": "parlour", **packages}.items():
            for registry in mapping.registries(package):
                for mapper in registry.mappers:
                    for name, value in vars(mapper.class_).items():
                        ours = isfunction(value) and value.__module__.startswith(f"{loaded.package}.")
                        assert not ours, (
                            f"{mapper.class_.__name__}.{name} of {owner} was put there by {self.plugin}"
                        )

    def tables(self, loaded: Loaded) -> list[Table]:
        """Every table that the plugin's classes are mapped to."""
        found = {mapper.local_table for mapper in self.mappers(loaded)} | set(mapping.tables(self.plugin))
        return sorted((table for table in found if isinstance(table, Table)), key=lambda table: table.name)

    def mappers(self, loaded: Loaded) -> list[Mapper[Any]]:
        """The mappers of the plugin's own bases."""
        return [mapper for registry in mapping.registries(loaded.package) for mapper in registry.mappers]


def _unique_keys(table: Table) -> Iterator[tuple[object, list[str]]]:
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield constraint.name, [column.name for column in constraint.columns]
    for index in table.indexes:
        if isinstance(index, Index) and index.unique:
            yield index.name, [column.name for column in index.columns]
