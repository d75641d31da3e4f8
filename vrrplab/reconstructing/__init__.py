"""From a capture back to what happened: the faults and moments whose simulation gives the same picture.

``evidence`` is what a capture (and logs) show of the servers whose files these are, ``beginnings`` how the
cluster was when it began, ``suspects`` all that may have happened, ``search`` finds what did, ``told`` says
it. Both sides are a ``Picture``: a simulation is looked at as the capture is.
"""
