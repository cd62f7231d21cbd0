#!/bin/sh
echo "version @VERSION@ on $(uname -m), user $(id -u)"
