"""The README's tables list the interfaces that the library has, each under its own name."""

import json
import os
import pathlib
import re
import subprocess
import unittest

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])

# Heading of a table in the README, and the lists of library-info that it covers.
TABLES = {
    "Asynchronous I/O": ("async",),
    "Synchronous I/O and admin commands": ("sync_and_admin",),
    "Memory": ("memory",),
}
STATES = {"", "run", "wine", "linked", "planned"}

HUGE_PAGES = pathlib.Path("/proc/sys/vm/nr_hugepages")


def setUpModule():
    """Sets huge pages aside where a machine, like every fresh one, has none."""
    reserved = HUGE_PAGES.read_text(encoding="ascii")
    if int(reserved) == 0:
        HUGE_PAGES.write_text("8\n", encoding="ascii")
        unittest.addModuleCleanup(HUGE_PAGES.write_text, reserved, encoding="ascii")


def rows(heading):
    """The table after a heading: its column names, and a list of cells for each row."""
    lines = (SOURCE / "README.md").read_text(encoding="utf-8").splitlines()
    start = lines.index(heading)
    table = []
    for line in lines[start + 1:]:
        if line.startswith("|"):
            table.append([cell.strip() for cell in line.strip("|").split("|")])
        elif table:
            break
    return table[0], table[2:]


def interfaces():
    done = subprocess.run([os.environ["XNVME"], "library-info", "--output", "json"],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


class ReadmeTables(unittest.TestCase):
    def test_each_table_has_the_interfaces_of_the_registry_and_no_others(self):
        info = interfaces()
        for heading, contracts in TABLES.items():
            with self.subTest(table=heading):
                header, table = rows(heading)
                linux = header.index("Linux")
                claimed = set()
                for row in table:
                    name = re.match(r"`([a-z_]+)`", row[0])
                    if row[linux] == "run":
                        self.assertIsNotNone(name, f"{row[0]} is claimed without its name")
                        claimed.add(name.group(1))
                had = {row["name"] for contract in contracts for row in info[contract]}
                self.assertEqual(claimed, had)

    def test_what_is_claimed_to_run_is_there_on_this_machine(self):
        info = interfaces()
        for heading, contracts in TABLES.items():
            header, table = rows(heading)
            for row in table:
                if row[header.index("Linux")] != "run":
                    continue
                name = row[0].split("`")[1]
                for contract in contracts:
                    for one in info[contract]:
                        if one["name"] == name:
                            self.assertTrue(one["available"], f"{name}: {one['reason']}")

    def test_cells_use_the_words_that_are_explained(self):
        text = (SOURCE / "README.md").read_text(encoding="utf-8")
        for word in STATES - {""}:
            self.assertIn(f"- **{word}**:", text)
        for heading in TABLES:
            _, table = rows(heading)
            for row in table:
                for cell in row[1:]:
                    self.assertIn(cell, STATES, f"{row[0]} under '{heading}'")


if __name__ == "__main__":
    unittest.main()
