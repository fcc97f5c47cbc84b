# press.py NAME: presses the button NAME as soon as a program shows it, as assistive software does.
import sys, time, gi
gi.require_version("Atspi", "2.0")
from gi.repository import Atspi
def within(node):
    yield node
    for i in range(node.get_child_count()):
        yield from within(node.get_child_at_index(i))
def is_shown(node):
    return node.get_name() == sys.argv[1] and node.get_state_set().contains(Atspi.StateType.SHOWING)
while not (button := next(filter(is_shown, within(Atspi.get_desktop(0))), None)):
    time.sleep(1)
button.get_action_iface().do_action(0)
