package org.example;

public final class Server {
  private Server() {}

  public static void main(String[] arguments) {
    System.out.println(Greeting.TEXT + " on " + System.getProperty("os.arch"));
  }
}
