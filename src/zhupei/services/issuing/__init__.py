"""Issuing: the papers of `zhupei.services.papers`, made from the rows of people and processes.

Nobody is asked for a permission here: who may have which paper is the caller's to ask.
"""
