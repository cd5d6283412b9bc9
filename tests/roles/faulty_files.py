"""Roles files that do not count, each put where the one of a world lies."""

import os
from collections.abc import Callable

from tests.roles.world import World

GENEROUS = "users: {vera: owner, olga: operator}\n"


def a_file_of_another_user(world: World) -> None:
    world.write("roles.yaml", GENEROUS, owner="vera")


def writable_by_its_group(world: World) -> None:
    world.write("roles.yaml", GENEROUS, mode=0o664)


def writable_by_all(world: World) -> None:
    world.write("roles.yaml", GENEROUS, mode=0o666)


def a_link_to_a_file_of_another(world: World) -> None:
    (world.state / "roles.yaml").unlink()
    (world.state / "roles.yaml").symlink_to(world.write("vera.yaml", GENEROUS, owner="vera", into=world.tmp))


def a_link_to_a_file_of_the_owner(world: World) -> None:
    """The owner's other file says nothing of roles in this state; today's target need not be tomorrow's."""
    (world.state / "roles.yaml").unlink()
    (world.state / "roles.yaml").symlink_to(world.write("other.yaml", GENEROUS, into=world.folder / "gov"))


def a_second_name(world: World) -> None:
    path = world.write("roles.yaml", GENEROUS)
    os.link(path, world.tmp / "second")


def a_folder_that_others_may_write(world: World) -> None:
    world.write("roles.yaml", GENEROUS)
    world.state.chmod(0o777)


def a_folder_that_a_group_may_write(world: World) -> None:
    world.write("roles.yaml", GENEROUS)
    world.state.chmod(0o775)


def a_pipe(world: World) -> None:
    (world.state / "roles.yaml").unlink()
    os.mkfifo(world.state / "roles.yaml")


def a_folder(world: World) -> None:
    (world.state / "roles.yaml").unlink()
    (world.state / "roles.yaml").mkdir()


def too_large(world: World) -> None:
    world.write("roles.yaml", GENEROUS + "#" * 70_000)


def not_understood(world: World) -> None:
    world.write("roles.yaml", GENEROUS + "admins: [vera]\n")


def a_role_that_there_is_not(world: World) -> None:
    world.write("roles.yaml", "users: {vera: owner, olga: god}\n")


def a_name_twice(world: World) -> None:
    world.write("roles.yaml", "users: {olga: viewer, olga: operator, vera: owner}\n")


FAULTS: tuple[Callable[[World], None], ...] = (
    a_file_of_another_user,
    writable_by_its_group,
    writable_by_all,
    a_link_to_a_file_of_another,
    a_link_to_a_file_of_the_owner,
    a_second_name,
    a_folder_that_others_may_write,
    a_folder_that_a_group_may_write,
    a_pipe,
    a_folder,
    too_large,
    not_understood,
    a_role_that_there_is_not,
    a_name_twice,
)
#: what a look at the name does not show
OF_THE_TEXT = (not_understood, a_role_that_there_is_not, a_name_twice)
