import unittest

from rule import plugin, trend
from signalbox.testing import check_cases


class RuleTest(unittest.TestCase):
    def test_the_cases_come_out_as_they_say(self):
        check_cases(plugin)

    def test_no_contact_is_in_two_trends(self):
        found = {trend(now, before, 25, 3) for now in range(40) for before in range(40)}
        self.assertEqual(found, {"never", "too_little", "silent", "rising", "steady", "falling"})
        self.assertEqual(trend(3, 4, 25, 3), "falling")
        self.assertEqual(trend(5, 4, 25, 3), "rising")
