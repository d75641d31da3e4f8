"""The key to ``11_your_own_cluster``."""

from __future__ import annotations

from vrrplab.exercises.key import Solution

SOLUTIONS = {
    "11-repair": Solution(
        "[\n"
        '    "advert_int 5 -> advert_int 1",\n'
        '    "10.1.0.81/24 ->",\n'
        '    "weight -20 -> weight -60",\n'
        '    "raise 2 -> rise 2",\n'
        "]",
        "The intervals and the lists of addresses must be alike, the penalty larger than the distance, and"
        " the word one that keepalived knows.",
    ),
    "11-line": Solution(
        '"web1 kill at 10"',
        "A daemon that is killed takes its addresses with it to nowhere: they stay on web1, which sends no"
        " advert any more. A frozen one does the same, and so does a firewall.",
    ),
    "11-weight": Solution(
        '"weight 2 -> weight 4"',
        "112 against 109: lb1 loses its 4 and has 110, and lb2 has 107 + 4 = 111. With 3 both have 110, and"
        " equal does not preempt.",
    ),
    "11-lists": Solution(
        r"""["db1: 10.2.0.51/24 -> 10.2.0.51/24\n        10.2.0.52/24","""
        r""" "db2: 10.2.0.51/24 -> 10.2.0.50/24\n        10.2.0.51/24"]""",
        "Every server lists every address of the virtual router.",
    ),
    "11-twice": Solution(
        'variant("article-steady", at(8, "power_off", server="proxy-serv01"), at(14, "power_on",'
        ' server="proxy-serv01"))',
        "Without power it loses the address; with power again it is the better one, and takes it back.",
    ),
    "11-cloud": Solution(
        r'"proxy-serv02: unicast_peer { 192.168.2.252 -> unicast_peer {\n        192.168.2.251"',
        "The peer of proxy-serv02 is proxy-serv01; the file named proxy-serv02 itself.",
    ),
}
