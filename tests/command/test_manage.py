"""Everything of the admin family that is more than one command: long logs, namespaces, firmware,
security, sanitize and self-test with their progress, features by field."""

import json
import struct

from xnvme_command import CommandTest, main


class IdentifyStructures(CommandTest):
    def test_by_name_and_number(self):
        by_name = self.json("idfy", "mem:64MiB", "--cns", "endurance-groups")
        self.assertEqual(by_name["identify"], {"endgids": [1]})
        self.assertEqual(by_name, self.json("idfy", "mem:64MiB", "--cns", "0x19"))
        self.assertEqual(by_name, self.json("idfy-endgrp-list", "mem:64MiB"))
        self.assertEqual(self.json("idfy-ns-ctrlr-list", "mem:64MiB")["identify"]["cntlids"], [0])
        self.assertEqual(self.json("idfy", "mem:64MiB", "--cns", "allocated-namespace")
                         ["identify"]["nsze_blocks"], 131072)
        self.fail_with(2, "idfy", "mem:64MiB", "--cns", "domain",
                       says="did you mean 'domains'?")

    def test_what_is_not_supported_is_named(self):
        for name in ("idfy-secondary-list", "idfy-primary", "idfy-uuid-list", "idfy-domain-list"):
            self.fail_with(1, name, "mem:64MiB", says="Invalid Field in Command")


class LongLogs(CommandTest):
    def test_telemetry_in_chunks(self):
        device = "mem:64MiB?mdts=8KiB&serial=T"
        shown = self.json("log", "telemetry", device, "--create", "--data", self.path("t.bin"))
        self.assertEqual(shown["header"]["host_generation"], 1)
        self.assertEqual(shown["read_bytes"], 97 * 512)
        content = self.bytes_of(self.path("t.bin"))
        self.assertEqual(len(content), 97 * 512)
        self.assertEqual(content[0], 7)
        self.assertTrue(content[96 * 512:].startswith(b"telemetry of T, capture 1, block 96\0"))
        whole = self.succeed("log", "telemetry", device, "--create", "--area", "4", "--data", "-")
        self.assertEqual(len(whole), 161 * 512)

    def test_telemetry_without_a_capture(self):
        shown = self.json("log", "telemetry", "mem:64MiB", "--source", "controller")
        self.assertFalse(shown["header"]["controller_data_available"])
        self.assertEqual(shown["read_bytes"], 512)
        self.fail_with(2, "log", "telemetry", "mem:64MiB", "--source", "controller", "--create",
                       says="--create")
        self.fail_with(2, "log", "telemetry", "mem:64MiB", "--area", "5", says="the most is 4")

    def test_persistent_events(self):
        log = self.json("log", "persistent-events", "mem:64MiB")
        self.assertTrue(log["well_formed"])
        self.assertEqual([event["type"] for event in log["list"]], ["power-on-or-reset"])
        self.assertEqual(log["list"][0]["firmware"], "1.0")
        shown = self.json("log", "persistent-events", "mem:64MiB", "--data", self.path("e.bin"))
        content = self.bytes_of(self.path("e.bin"))
        self.assertEqual(len(content), shown["header"]["log_bytes"])
        self.assertEqual(struct.unpack_from("<I", content, 4)[0], 1)

    def test_pages_with_an_identifier(self):
        group = self.json("log", "endurance-group", "mem:64MiB")["log"]
        self.assertEqual(group["total_capacity_bytes"], str(64 << 20))
        self.fail_with(1, "log", "endurance-group", "mem:64MiB", "--endurance-group", "2",
                       says="Invalid Field in Command")
        features = self.json("log", "feature-effects", "mem:64MiB")["log"]["features"]
        self.assertIn("volatile-write-cache", [feature["name"] for feature in features])
        for page in ("ana", "lba-status", "predictable-latency", "rotational", "reservation",
                     "boot-partition", "lockdown", "mi-effects"):
            message = self.fail_with(1, "log", page, "mem:64MiB")
            self.assertIn("Invalid Log Page", message)

    def test_a_file_that_cannot_be_written(self):
        self.fail_with(1, "log", "health", "mem:64MiB", "--data", "/nonexistent/file",
                       says="could not be created")


class FeatureFields(CommandTest):
    def test_all_of_them(self):
        for select in ("current", "default", "saved", "capabilities"):
            shown = self.json("feature", "get", "mem:64MiB", "--select", select)
            names = [feature["name"] for feature in shown["features"]]
            self.assertIn("arbitration", names)
            self.assertIn("timestamp", names)
            refused = {feature["name"]: feature["status"] for feature in shown["refused"]}
            self.assertEqual(refused["host-memory-buffer"], "Invalid Field in Command")
            self.assertFalse(set(names) & set(refused))
            if select == "capabilities":
                arbitration = shown["features"][names.index("arbitration")]
                self.assertTrue(arbitration["capabilities"]["saveable"])
        self.fail_with(2, "feature", "get", "mem:64MiB", "--cdw11", "1", says="--fid")

    def test_set_by_field(self):
        done = self.json("feature", "set", "mem:64MiB", "--fid", "arbitration",
                         "--field", "burst_commands=8", "--field", "low_weight=4")
        self.assertEqual(done["value"], 0x0303)
        done = self.json("feature", "set", "mem:64MiB", "--fid", "temperature-threshold",
                         "--field", "threshold_celsius=70", "--field", "threshold=under")
        self.assertEqual(done["value"], 343 | 1 << 20)

    def test_get_with_what_chooses(self):
        under = self.json("feature", "get", "mem:64MiB", "--fid", "temperature-threshold",
                          "--field", "threshold=under")
        self.assertIsNone(under["threshold_celsius"])
        over = self.json("feature", "get", "mem:64MiB", "--fid", "temperature-threshold")
        self.assertEqual(over["threshold_celsius"], 77)
        self.fail_with(2, "feature", "get", "mem:64MiB", "--fid", "arbitration", "--field",
                       "low_weight=3", says="does not choose")

    def test_fields_that_make_no_sense(self):
        def refuse(field, *words):
            self.fail_with(2, "feature", "set", "mem:64MiB", "--fid", "arbitration", "--field",
                           field, says=words)
        refuse("low_weight=0", "it takes 1 to 256")
        refuse("speed=1", "no field 'speed'", "burst_commands, low_weight")
        refuse("low_weight", "NAME=VALUE")
        self.fail_with(2, "feature", "set", "mem:64MiB", "--fid", "arbitration", "--field",
                       "low_weight=2", "--value", "1", says="not both")


class Namespaces(CommandTest):
    def test_list(self):
        shown = self.json("namespace", "list", "mem:64MiB")
        self.assertTrue(shown["manages_namespaces"])
        self.assertEqual(shown["namespaces"], [{
            "nsid": 1, "attached": True, "size_bytes": 64 << 20, "block_bytes": 512,
            "metadata_bytes": 0, "shared": False, "cntlids": [0]}])

    def test_delete_detach_attach(self):
        self.assertEqual(self.json("namespace", "delete", "mem:64MiB", "--all")["deleted"], "all")
        self.assertEqual(self.json("namespace", "delete", "mem:64MiB", "--id", "1")["deleted"], 1)
        self.json("namespace", "detach", "mem:64MiB", "--id", "1")
        self.fail_with(1, "namespace", "attach", "mem:64MiB", "--id", "1",
                       says="Namespace Already Attached")
        self.fail_with(1, "namespace", "detach", "mem:64MiB", "--id", "1", "--controllers", "3",
                       says="Controller List Invalid")
        self.fail_with(1, "namespace", "create", "mem:64MiB", "--blocks", "8",
                       says="Namespace Identifier Unavailable")
        self.fail_with(2, "namespace", "delete", "mem:64MiB", says="--id N, or --all")

    def test_of_a_file(self):
        self.fail_with(1, "namespace", "detach", self.file("disk.img", 1 << 20), "--id", "1",
                       says="Invalid Command Opcode")


class Firmware(CommandTest):
    def test_update(self):
        image = self.file("fw.bin", content=b"XNVMEFW1" + b"9.9     " + bytes(20000))
        done = self.json("firmware", "update", "mem:64MiB", "--image", image, "--slot", "2",
                         "--action", "store-and-activate")
        self.assertEqual((done["activation_needs"], done["firmware"]), ("a controller reset", "1.0"))
        done = self.json("firmware", "update", "mem:64MiB", "--image", image, "--slot", "3",
                         "--action", "store")
        self.assertEqual((done["downloaded_bytes"], done["activation_needs"]), (20016, "nothing"))

    def test_what_is_refused(self):
        self.fail_with(1, "firmware", "commit", "mem:64MiB", "--slot", "2",
                       says="Invalid Firmware Image")
        bad = self.file("bad.bin", 4096)
        self.fail_with(1, "firmware", "update", "mem:64MiB", "--image", bad, "--slot", "2",
                       says="Invalid Firmware Image")
        self.fail_with(2, "firmware", "download", "mem:64MiB", "--image", self.file("odd", 4097),
                       says="multiple of 4")
        self.fail_with(1, "firmware", "commit", "mem:64MiB", "--slot", "1", "--action", "store",
                       says="Invalid Firmware Slot")


class Security(CommandTest):
    def test_protocols(self):
        shown = self.json("security", "receive", "mem:64MiB")
        self.assertEqual(shown["protocols"], [0])
        raw = self.succeed("security", "receive", "mem:64MiB", "--bytes", "16", "--data", "-")
        self.assertEqual(raw, bytes(7) + b"\1" + bytes(8))
        self.fail_with(1, "security", "receive", "mem:64MiB", "--protocol", "1",
                       says="Invalid Field in Command")
        self.fail_with(1, "security", "send", "mem:64MiB", "--protocol", "1", "--data",
                       self.file("s", 16), says="Invalid Field in Command")


class Operations(CommandTest):
    def test_sanitize_is_followed_to_its_end(self):
        done = self.json("sanitize", "mem:64MiB?background=300ms", "--wait", "--action", "crypto")
        self.assertEqual(done["sanitize"], "finished")
        self.assertEqual(done["log"]["state"], "succeeded")
        started = self.json("sanitize", "mem:64MiB?background=300ms")
        self.assertEqual(started["sanitize"], "started")

    def test_self_test(self):
        done = self.json("self-test", "mem:64MiB?background=300ms", "--wait", "--type", "extended")
        self.assertEqual(done["self_test"], "passed")
        self.assertEqual(done["log"]["results"][0]["test"], "extended")
        self.assertEqual(self.json("self-test", "mem:64MiB")["self_test"], "started")
        self.fail_with(2, "self-test", "mem:64MiB", "--type", "abort", "--wait", says="--wait")

    def test_format_by_block_size(self):
        done = self.json("format", "mem:64MiB", "--block", "4KiB")
        self.assertEqual(done["lbaf"], 1)
        self.assertEqual(done["geometry"]["block_bytes"], 4096)
        self.assertEqual(done["geometry"]["metadata_bytes"], 0)
        self.fail_with(2, "format", "mem:64MiB", "--block", "1KiB", says="512, 4096, 4096")

    def test_what_a_file_does_not_support(self):
        disk = self.file("disk.img", 1 << 20)
        for words in (("sanitize",), ("self-test",), ("firmware", "commit"),
                      ("security", "receive")):
            message = self.fail_with(1, *words, disk)
            self.assertIn("Invalid Command Opcode", message, msg=json.dumps(words))


if __name__ == "__main__":
    main()
