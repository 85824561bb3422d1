"""Runs the rule as it is, without building it: python3 -m unittest"""

import unittest

from rule import plugin
from signalbox.testing import check_cases


class RuleTest(unittest.TestCase):
    def test_the_cases_come_out_as_they_say(self):
        check_cases(plugin)
