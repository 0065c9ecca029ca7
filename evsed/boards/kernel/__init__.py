# SPDX-License-Identifier: GPL-3.0-or-later
"""The board on the kernel's own drivers: gpiochip, PWM and SPI, without pigpiod."""
