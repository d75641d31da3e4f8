"""Characters that no terminal may get from outside, and writing that stays as it is."""

from __future__ import annotations

BIDIRECTIONAL = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
NEVER = {
    chr(c) for c in (*range(0x20), *range(0x7F, 0xA0), *BIDIRECTIONAL, 0x2028, 0x2029, *range(0xD800, 0xE000))
}

ORDINARY = {
    "a family": "👨‍👩‍👧‍👦",
    "a heart as emoji": "❤️",
    "a keycap": "#️⃣",
    "the flag of England": "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "the flag of Japan": "🇯🇵",
    "Persian": "خانه‌ها",
    "Malayalam": "ന്‍",
    "Sinhala": "ශ්‍රී",
    "Khmer": "ភាសា​ខ្មែរ",
    "Arabic with a number sign": "؀١٢",
    "no-break space": "10 km",
    "ideographic space": "東京　駅",
    "private use": "\ue0b0",
    "of a later Unicode": "\U0001fae8\U0001facd",
}
