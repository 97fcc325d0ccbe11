"""What does an inspector say to this room?"""

from dashboard.access import viewer
from dashboard.i18n import t
from dashboard.parts import nothing_here, page_head
from dashboard.talk_back import choose_room, room_panel

page_head(t("talk_back.title"), t("talk_back.answer"))
room = choose_room(person := viewer())
if room is None:
    nothing_here(t("talk_back.no_room"), t("talk_back.no_room_help"))
else:
    room_panel(person, room)
