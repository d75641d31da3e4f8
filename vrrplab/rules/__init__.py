"""What is wrong within and between the configurations of one cluster (``vrrplab config check``)."""
