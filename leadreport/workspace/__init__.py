"""A folder with a policy, its sources and its files, opened as of an instant and computed once."""

from leadreport.workspace.opened import (
    Workspace,
    as_of_instant,
    check_workspace,
    found_folder,
    latest_week,
    new_workspace,
    open_workspace,
    remark_on_end_of_data,
)

__all__ = [
    "Workspace",
    "as_of_instant",
    "check_workspace",
    "found_folder",
    "latest_week",
    "new_workspace",
    "open_workspace",
    "remark_on_end_of_data",
]
