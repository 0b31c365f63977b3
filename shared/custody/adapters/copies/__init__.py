"""The copies that an erasure reaches, one file each: a Store that deletes, a Witness that looks.

Another copy is another file here, one more member of `Copy` in the domain, and its wiring.
"""
