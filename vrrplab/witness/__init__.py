"""Who was MASTER when, from frames alone."""
