"""What is told of results, and when the check fails: on figures that are made up."""

import tempfile
import unittest
import xml.etree.ElementTree

import bench
import counting
import picture
import programs as p
import report
import rows


def count(target, depth, program, whole, **more):
    return {"target": target, "depth": depth, "program": program, "whole": whole, "library": 0.0,
            "libc": 0.0, "copies": 0.0, "allocations": 0.0,
            "functions": [{"object": "libxnvmepp.so", "function": "a::(anonymous namespace)::"
                           "Queue<int, b::C>::submit(int&)", "instructions": whole}], **more}


def times(target, program, cpu_us):
    return {"target": target, "depth": 32, "program": program, "mode": "poll", "interface": "x",
            "cpu_us": cpu_us, "wall_us": cpu_us,
            "latency_us": {"p50": 1.0, "p99": 2.0, "p99.9": 3.0}}


RESULTS = {
    "machine": {"processor": "<one>", "processors": 1, "kernel": "6", "compiler": "c++ 12",
                "load_average": 0.0},
    "instructions": [count("nil", 32, p.RAW_NIL.name, 50.0), count("nil", 32, "C++ nil", 85.0),
                     count("nil", 32, "C nil", 111.0)],
    "submit": {"nil single": 100.0, "nil batch": 69.0, "nil prepare": 60.0,
               "io_uring single": 50.0, "io_uring batch": 55.0, "io_uring prepare": 52.0},
    "system_calls": [{"target": "file", "depth": 32, "program": "C++ thrpool",
                      "calls": {"futex": 0.5, "pread64": 1.0}, "counted_by": "perf"}],
    "times": [times("nil", p.RAW_NIL.name, [2.0, 1.0, 4.0]),
              times("nil", "C++ nil", [3.0, 1.9, 6.4]), times("nil", "C nil", [4.0, 2.4, 9.6])],
    "targets": {"nil": "no data & no device"},
    "memory": [{"target": "file", "interface": "nil", "depth": 128, "queue_heap": 2048.0,
                "queue_resident": 4096.0, "device_heap": 1024.0, "device_resident": 3072.0}],
    "missing": ["zram cannot be made here: <no>"],
}


class Table(unittest.TestCase):
    def setUp(self):
        self.rows = {(row.what, row.api): row for row in rows.table(RESULTS)}

    def test_instructions_are_those_over_the_raw_program(self):
        what = "nil, depth 32: instructions over the inlined loop"
        self.assertEqual(self.rows[what, "C++"].figure, 35.0)
        self.assertTrue(self.rows[what, "C++"].met)
        self.assertFalse(self.rows[what, "C"].met)

    def test_a_target_below_the_floor_is_said_to_be_there(self):
        verdicts = [report.verdict({**vars(row), "met": row.met}) for name in ("nil", "io_uring")
                    for row in [self.rows[f"{name}: a batch of 32 to 32 single submissions, "
                                          "instructions", "C++"]]]
        self.assertEqual(verdicts, ["met", "NOT MET, the floor is 1.04"])

    def test_the_median_of_the_rounds_decides(self):
        what = "nil, depth 32: processor time, to the inlined loop"
        self.assertAlmostEqual(self.rows[what, "C++"].figure, 1.6)
        self.assertAlmostEqual(self.rows[what, "C"].figure, 2.4)
        self.assertFalse(self.rows[what, "C"].met)

    def test_one_kind_of_system_call_is_told_from_the_others(self):
        row = self.rows["thrpool, depth 32: futex calls per read", "C++"]
        self.assertEqual(row.figure, 0.5)
        self.assertEqual(row.also, "counted by perf")

    def test_what_was_not_measured_is_neither_met_nor_missed(self):
        row = self.rows["emu, depth 32: instructions over a loop of pread", "C++"]
        self.assertIsNone(row.met)


class Memory(unittest.TestCase):
    def test_it_is_told_in_kibibytes(self):
        self.assertEqual(report.memory_text(RESULTS["memory"]).splitlines()[1].split(),
                         ["file,", "nil", "2", "4", "1", "3"])


class Check(unittest.TestCase):
    def test_a_rise_of_more_than_three_in_a_hundred_is_found(self):
        before = {"a": 100.0, "b": 100.0, "c": 100.0}
        risen, fallen = bench.compare(before, {"a": 103.0, "b": 103.1, "c": 90.0})
        self.assertEqual([line[0] for line in risen], ["b"])
        self.assertEqual([line[0] for line in fallen], ["c"])

    def test_a_count_on_one_side_only_is_found(self):
        risen, _ = bench.compare({"gone": 1.0}, {"new": 1.0})
        self.assertEqual(len(risen), 2)


class Callgrind(unittest.TestCase):
    def test_a_callee_is_counted_once(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("events: Ir\nob=/lib/one.so\nfn=caller\n16 7\ncob=/lib/two.so\n"
                       "cfn=malloc\ncalls=3 0\n17 900\n18 5\n\nob=/lib/two.so\n"
                       "fn=malloc\n0 900\n")
            file.flush()
            own, calls = counting.parse_callgrind(file.name)
        self.assertEqual(own["one.so", "caller"], 12)
        self.assertEqual(own["two.so", "malloc"], 900)
        self.assertEqual(calls["malloc"], 3)


class Told(unittest.TestCase):
    def setUp(self):
        table = [{**vars(row), "met": row.met} for row in rows.table(RESULTS)]
        self.results = {**RESULTS, "table": table}

    def test_the_picture_is_well_formed(self):
        root = xml.etree.ElementTree.fromstring(picture.draw(self.results))
        words = " ".join(root.itertext())
        self.assertIn("<one>", words)
        self.assertIn("no data & no device", words)
        self.assertIn("Queue::submit", words)

    def test_a_page_needs_nothing_else(self):
        page = report.page(self.results)
        self.assertIn("zram cannot be made here: &lt;no&gt;", page)
        for word in ("<script", "<link", "src=", "url("):
            self.assertNotIn(word, page)

    def test_every_row_is_in_every_table(self):
        for row in self.results["table"]:
            self.assertIn(row["what"], report.table_text(self.results["table"]))
            self.assertIn(row["what"], report.table_markdown(self.results["table"]))


if __name__ == "__main__":
    unittest.main()
